import { coreError } from "../errors.ts";
import { type XComBackend, xcomBackend } from "../xcom/backend.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import type { PluginOptions } from "./define-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isXComPart } from "./plugin-kinds.ts";
import { createPlugin, type PreparedPlugin, preparePlugin } from "./plugin-options.ts";
import { resolvePlugin } from "./resolve-plugin.ts";
import { contextOf, referenceOf } from "./resolve-store.ts";

export interface ResolvedXCom {
  /** Writes by `parts` and reads what any of `parts` and `readers` once wrote. */
  readonly backend: XComBackend;
  /** In the order of writing. */
  readonly parts: readonly XComBackendPart[];
  /** Named in `xcom.parts` only: they read. */
  readonly readers: readonly XComBackendPart[];
  /** Those that were named by package. */
  readonly plugins: readonly PreparedPlugin[];
}

/**
 * Builds the XCom backend that the config describes. A package may stand in `backend` by name, with its options there
 * or in `parts`; every other package in `parts` reads.
 *
 * @throws `PLUGIN_NOT_FOUND`, `PLUGIN_INVALID`, `PLUGIN_OPTIONS_INVALID`, `XCOM_STACK_INVALID`
 */
export async function resolveXComBackend(config: LoadedConfig): Promise<ResolvedXCom> {
  const plugins: PreparedPlugin[] = [];
  const make = async (name: string, options: PluginOptions): Promise<XComBackendPart> => {
    const manifest = await resolvePlugin(name, config, ["xcom-stage", "xcom-place", "xcom-chooser"]);
    const plugin = await preparePlugin(name, manifest, options, config.env);
    const part = createPlugin<unknown>(plugin, contextOf(config));
    if (!isXComPart(part))
      throw coreError("PLUGIN_INVALID", { name, kind: "an XCom backend", why: "its create() returned something else" });
    plugins.push(plugin);
    return part;
  };
  const { backend, parts: options } = config.xcom;
  const parts: XComBackendPart[] = [];
  const writers = new Set<string>();
  for (const entry of backend) {
    if (isXComPart(entry)) {
      parts.push(entry);
      continue;
    }
    const reference = referenceOf(entry, options);
    writers.add(reference.name);
    parts.push(await make(reference.name, reference.options));
  }
  const readers: XComBackendPart[] = [];
  for (const name of Object.keys(options)) if (!writers.has(name)) readers.push(await make(name, options[name]));
  return { backend: xcomBackend(parts, { readers }), parts, readers, plugins };
}
