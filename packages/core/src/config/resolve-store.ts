import { coreError, messageOf } from "../errors.ts";
import type { Store } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import type { PluginOptions, PluginReference } from "./define-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isStore } from "./plugin-kinds.ts";
import type {
  PluginContext,
  StoreBackup,
  StoreInspection,
  StoreManifest,
  StoreMigration,
  StoreVacuum,
} from "./plugin-manifest.ts";
import { createPlugin, type PreparedPlugin, preparePlugin } from "./plugin-options.ts";
import { resolvePlugin } from "./resolve-plugin.ts";

/** The store that the config names, not yet opened, and what can be done with it from outside. */
export interface ResolvedStore {
  readonly name: string;
  /** `undefined` for a live store and for `memory`. */
  readonly plugin: PreparedPlugin | undefined;
  /** Makes the store; open it with `open("engine")`, `open("reader")` or `open("client")`. */
  create(): Store;
  /** `undefined` where the store offers no such look. */
  readonly inspect: ((depth: { readonly deep: boolean }) => Promise<StoreInspection>) | undefined;
  readonly migrate: (() => Promise<StoreMigration>) | undefined;
  readonly backup: ((to: string) => Promise<StoreBackup>) | undefined;
  readonly vacuum: (() => Promise<StoreVacuum>) | undefined;
}

/** Where plug-ins of a configuration stand. */
export function contextOf(config: LoadedConfig): PluginContext {
  return { home: config.home, baseDir: config.baseDir, env: config.env };
}

/** Splits a reference into name and options; options under the same name in `parts` come first. */
export function referenceOf(
  reference: PluginReference,
  parts: Readonly<Record<string, PluginOptions>> = {},
): { readonly name: string; readonly options: PluginOptions } {
  const [name, own] = typeof reference === "string" ? [reference, {}] : reference;
  return { name, options: { ...(Object.hasOwn(parts, name) ? parts[name] : {}), ...own } };
}

/**
 * Finds the store that the config names and checks its options. Nothing is opened.
 *
 * @throws `PLUGIN_NOT_FOUND`, `PLUGIN_INVALID`, `PLUGIN_OPTIONS_INVALID`
 */
export async function resolveStore(config: LoadedConfig): Promise<ResolvedStore> {
  const { store } = config;
  const nothing = { plugin: undefined, inspect: undefined, migrate: undefined, backup: undefined, vacuum: undefined };
  if (isStore(store)) return { ...nothing, name: store.name, create: () => store };
  const { name, options } = referenceOf(store);
  if (name === "memory") return { ...nothing, name, create: () => memoryStore() };
  const manifest = (await resolvePlugin(name, config, ["store"])) as StoreManifest;
  const plugin = await preparePlugin(name, manifest, options, config.env);
  const context = contextOf(config);
  const { inspect, migrate, backup, vacuum } = manifest;
  return {
    name,
    plugin,
    create() {
      const made = createPlugin(plugin, context);
      if (!isStore(made))
        throw coreError("PLUGIN_INVALID", {
          name,
          kind: "a store",
          why: `its create() returned ${messageOf(made)}, which is no store`,
        });
      return made;
    },
    inspect: inspect && ((depth) => inspect.call(manifest, plugin.options, context, depth)),
    migrate: migrate && (() => migrate.call(manifest, plugin.options, context)),
    backup: backup && ((to) => backup.call(manifest, plugin.options, context, to)),
    vacuum: vacuum && (() => vacuum.call(manifest, plugin.options, context)),
  };
}
