import { defineConfig } from "tsup";

/** How every package is built: ES modules and declarations, one file per public door, shared code in chunks. */
export const build = (doors: readonly string[]) =>
  defineConfig({
    entry: [...doors],
    format: "esm",
    platform: "node",
    target: "node24",
    dts: true,
    sourcemap: true,
    clean: true,
    // `node:sqlite` exists only with its prefix.
    removeNodeProtocol: false,
  });
