import type { EngineService } from "../engine/service.ts";
import { coreError } from "../errors.ts";
import type { PluginReference } from "./define-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isEngineService } from "./plugin-kinds.ts";
import { createPlugin, type PreparedPlugin, preparePlugin } from "./plugin-options.ts";
import { resolvePlugin } from "./resolve-plugin.ts";
import { contextOf, referenceOf } from "./resolve-store.ts";

export interface ResolvedServices {
  /** In the order of their start. */
  readonly services: readonly EngineService[];
  /** Those that were named by package. */
  readonly plugins: readonly PreparedPlugin[];
}

/**
 * Makes the services that the config names, for `createEngine({ services })`. None of them is started.
 *
 * @throws `PLUGIN_NOT_FOUND`, `PLUGIN_INVALID`, `PLUGIN_OPTIONS_INVALID`, `PLUGIN_FAILED`
 */
export async function resolveServices(config: LoadedConfig): Promise<ResolvedServices> {
  const services: EngineService[] = [];
  const plugins: PreparedPlugin[] = [];
  for (const entry of config.services) {
    if (isEngineService(entry)) {
      services.push(entry);
      continue;
    }
    const { name, options } = referenceOf(entry as PluginReference);
    const manifest = await resolvePlugin(name, config, ["service"]);
    const plugin = await preparePlugin(name, manifest, options, config.env);
    const service = createPlugin<unknown>(plugin, contextOf(config));
    if (!isEngineService(service))
      throw coreError("PLUGIN_INVALID", { name, kind: "a service", why: "its create() returned something else" });
    plugins.push(plugin);
    services.push(service);
  }
  return { services, plugins };
}
