import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory-store.ts";
import { definePlugin, isPluginManifest } from "./plugin-manifest.ts";

const anything: StandardSchemaV1<unknown, { readonly path?: string }> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as { readonly path?: string } }) },
};

describe("definePlugin", () => {
  const manifest = definePlugin({
    kind: "store",
    name: "@acme/store",
    contractVersion: 1,
    options: anything,
    create: () => memoryStore(),
  });

  it("brands a manifest so that any copy of core knows it", () => {
    expect(isPluginManifest(manifest)).toBe(true);
    expect(Symbol.for("millrace.plugin") in manifest).toBe(true);
  });

  it("does not take a look-alike for a manifest", () => {
    expect(isPluginManifest({ ...manifest })).toBe(false);
    expect(isPluginManifest(null)).toBe(false);
    expect(isPluginManifest("store")).toBe(false);
  });

  it("gives an immutable object", () => {
    expect(Object.isFrozen(manifest)).toBe(true);
  });
});
