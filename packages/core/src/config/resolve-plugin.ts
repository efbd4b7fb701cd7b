import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleResolve } from "import-meta-resolve";
import { coreError, shown } from "../errors.ts";
import { importFile, type ModuleExports, whyNotLoaded } from "./import-file.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isPluginManifest, type PluginManifest, pluginContractVersion } from "./plugin-manifest.ts";

/** Where plug-ins are looked for. */
export type PluginBase = Pick<LoadedConfig, "baseDir" | "resolveFrom">;

/**
 * Finds a plug-in by name and loads its manifest: from the folder of the config file, then from the places the host
 * named, then from core itself. A relative path names a local module.
 *
 * @throws `PLUGIN_NOT_FOUND`, `PLUGIN_INVALID`, or what the module threw
 */
export async function resolvePlugin(
  name: string,
  base: PluginBase,
  kinds: readonly PluginManifest["kind"][],
): Promise<PluginManifest> {
  const what =
    { store: "a store", service: "a service", secrets: "a provider of secrets" }[kinds[0] as string] ??
    "an XCom backend";
  const exports = await loadPlugin(name, base);
  const manifest = [exports.manifest, exports.default].find(isPluginManifest);
  if (manifest === undefined) throw coreError("PLUGIN_INVALID", { name, kind: what, why: "it exports no manifest" });
  if (manifest.contractVersion !== pluginContractVersion) {
    const why = `it was written for version ${shown(manifest.contractVersion)} of the contract, and this is version ${pluginContractVersion}`;
    throw coreError("PLUGIN_INVALID", { name, kind: what, why });
  }
  if (!kinds.includes(manifest.kind))
    throw coreError("PLUGIN_INVALID", { name, kind: what, why: `its kind is ${shown(manifest.kind)}` });
  return manifest;
}

async function loadPlugin(name: string, base: PluginBase): Promise<ModuleExports> {
  if (name.startsWith(".")) {
    const path = resolve(base.baseDir, name);
    if (!existsSync(path)) throw coreError("PLUGIN_NOT_FOUND", { name, from: base.baseDir });
    return importPlugin(name, path);
  }
  const parents = [pathToFileURL(join(base.baseDir, "millrace.config.js")).href, ...base.resolveFrom, import.meta.url];
  for (const parent of parents) {
    const path = resolveFrom(name, parent);
    if (path === undefined) continue;
    return importPlugin(name, path);
  }
  throw coreError("PLUGIN_NOT_FOUND", { name, from: base.baseDir });
}

async function importPlugin(name: string, path: string): Promise<ModuleExports> {
  try {
    return await importFile(path);
  } catch (error) {
    throw coreError("PLUGIN_FAILED", { name, why: whyNotLoaded(error) }, { cause: error });
  }
}

function resolveFrom(name: string, parent: string): string | undefined {
  try {
    const path = fileURLToPath(moduleResolve(name, new URL(parent), conditions(), false));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The conditions that Node itself was started with hold here too. */
function conditions(): Set<string> {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS?.split(/\s+/) ?? [])];
  const given = flags.flatMap((flag, at) => {
    const joined = /^(?:--conditions|-C)=(.+)$/.exec(flag);
    return joined ? [joined[1]] : flag === "--conditions" || flag === "-C" ? [flags[at + 1]] : [];
  });
  return new Set(["node", "import", ...given]);
}
