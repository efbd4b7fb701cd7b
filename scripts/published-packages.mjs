// The packages as their users get them: packed tarballs.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./workspace.mjs";

const run = promisify(execFile);

/** Packs every publishable package into a temporary folder; `tarballs[Symbol.dispose]` removes it. */
export async function packPublishedPackages() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-packed-"));
  const packages = publishedPackages();
  try {
    for (const entry of packages) {
      const { stdout } = await run("pnpm", ["pack", "--json", "--pack-destination", folder], { cwd: entry.folder });
      entry.tarball = JSON.parse(stdout).filename;
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { packages, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Every package that is not private, with its folder and manifest. */
export function publishedPackages() {
  return readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => !manifest.private)
    .map(({ folder, manifest }) => ({ folder, manifest, name: manifest.name, tarball: "" }));
}

/** The doors of a package for importers: `@millrace/core`, `@millrace/core/plugin` … */
export function doorsOf({ name, manifest }) {
  return Object.keys(manifest.exports ?? {})
    .filter((door) => door !== "./package.json")
    .map((door) => name + door.slice(1));
}
