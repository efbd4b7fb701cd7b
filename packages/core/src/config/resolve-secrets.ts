import { coreError } from "../errors.ts";
import { environmentSecrets } from "../secrets/environment-provider.ts";
import { fileSecrets } from "../secrets/file-provider.ts";
import { givenSecrets } from "../secrets/given-provider.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isSecretProvider } from "./plugin-kinds.ts";
import { createPlugin, type PreparedPlugin, preparePlugin } from "./plugin-options.ts";
import { resolvePlugin } from "./resolve-plugin.ts";
import { contextOf, referenceOf } from "./resolve-store.ts";

export interface ResolvedSecrets {
  /** The environment, the secrets file, the config's own connections, and its providers: for `createEngine({ secrets })`. */
  readonly providers: readonly SecretProvider[];
  /** Those that were named by package. */
  readonly plugins: readonly PreparedPlugin[];
}

/**
 * Makes the providers of secrets and connections that the config names. None of them is asked.
 *
 * @throws `PLUGIN_NOT_FOUND`, `PLUGIN_INVALID`, `PLUGIN_OPTIONS_INVALID`, `PLUGIN_FAILED`
 */
export async function resolveSecrets(config: LoadedConfig): Promise<ResolvedSecrets> {
  const { env, secrets, connections } = config;
  const providers = [environmentSecrets({ env })];
  const plugins: PreparedPlugin[] = [];
  if (secrets.file !== undefined) providers.push(fileSecrets({ path: secrets.file }));
  if (Object.keys(connections).length > 0) providers.push(givenSecrets({ connections, name: "the config" }));
  for (const entry of secrets.providers) {
    if (isSecretProvider(entry)) {
      providers.push(entry);
      continue;
    }
    const { name, options } = referenceOf(entry);
    const manifest = await resolvePlugin(name, config, ["secrets"]);
    const plugin = await preparePlugin(name, manifest, options, env);
    const provider = createPlugin<unknown>(plugin, contextOf(config));
    if (!isSecretProvider(provider))
      throw coreError("PLUGIN_INVALID", {
        name,
        kind: "a provider of secrets",
        why: "its create() returned something else",
      });
    plugins.push(plugin);
    providers.push(provider);
  }
  return { providers, plugins };
}
