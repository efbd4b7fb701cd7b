import { engineDefaults } from "../engine/engine-defaults.ts";
import { retentionDefaults } from "../engine/retention/retention-rules.ts";
import { isMillraceError, type MillraceError } from "../errors.ts";
import { threadDefaults } from "../runtime/threads/thread-options.ts";
import { nameOfVariable } from "../secrets/secret-name.ts";
import type { PluginReference } from "./define-config.ts";
import { environmentKeys } from "./environment.ts";
import type { LoadedConfig, Origin } from "./load-config.ts";
import { isEngineService, isSecretProvider, isStore, isXComPart } from "./plugin-kinds.ts";
import { isSecretOption, type PreparedPlugin } from "./plugin-options.ts";
import { resolveSecrets } from "./resolve-secrets.ts";
import { resolveServices } from "./resolve-services.ts";
import { resolveStore } from "./resolve-store.ts";
import { resolveXComBackend } from "./resolve-xcom.ts";
import { mask, masked } from "./secrets.ts";

/** One setting as it holds. */
export interface ExplainedSetting {
  readonly setting: string;
  /** Plain JSON, secrets masked. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** One environment variable that is read. */
export interface ExplainedKey {
  readonly key: string;
  /** What it sets. */
  readonly setting: string;
  readonly says: string;
  /** Its text, masked where it is secret; `undefined` if it is not set. */
  readonly value: string | undefined;
}

export interface ConfigExplanation {
  readonly path: string | undefined;
  readonly settings: readonly ExplainedSetting[];
  readonly environment: readonly ExplainedKey[];
  /** Variables that begin with `MILLRACE_` and that nothing reads. */
  readonly unknownKeys: readonly string[];
  /** Plug-ins that could not be set up. */
  readonly problems: readonly MillraceError[];
}

/**
 * Tells every setting, its value and where it came from. Secrets are masked. A plug-in that cannot be loaded is
 * reported and hides nothing else.
 */
export async function explainConfig(config: LoadedConfig): Promise<ConfigExplanation> {
  const problems: MillraceError[] = [];
  const plugins: { readonly at: string; readonly plugin: PreparedPlugin }[] = [];
  const collect = async (at: string, load: () => Promise<readonly (PreparedPlugin | undefined)[]>): Promise<void> => {
    try {
      for (const plugin of await load())
        if (plugin) plugins.push({ at: at === "store" ? at : `${at}.${plugin.name}`, plugin });
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      problems.push(error);
    }
  };
  await collect("store", async () => [(await resolveStore(config)).plugin]);
  await collect("xcom", async () => (await resolveXComBackend(config)).plugins);
  await collect("services", async () => (await resolveServices(config)).plugins);
  await collect("secrets", async () => (await resolveSecrets(config)).plugins);

  const environment = [
    ...environmentKeys.map(({ key, setting, says }) => ({ key, setting, says, value: config.env[key] || undefined })),
    ...Object.keys(config.env)
      .sort()
      .flatMap((key) => {
        const named = nameOfVariable(key);
        return named && config.env[key]
          ? [{ key, setting: `${named.kind}s`, says: `the ${named.kind} '${named.name}'`, value: mask }]
          : [];
      }),
    ...plugins.flatMap(({ at, plugin }) =>
      (plugin.manifest.env ?? []).map(({ key, option, says }) => ({
        key,
        setting: `${at}.${option}`,
        says,
        value: !config.env[key] ? undefined : isSecretOption(plugin.manifest, option) ? mask : config.env[key],
      })),
    ),
  ];
  const known = new Set([...environment.map(({ key }) => key), "MILLRACE_DEBUG"]);
  return {
    path: config.path,
    settings: [...ownSettings(config), ...plugins.flatMap(({ at, plugin }) => optionSettings(at, plugin))],
    environment,
    unknownKeys: Object.keys(config.env).filter((key) => key.startsWith("MILLRACE_") && !known.has(key)),
    problems,
  };
}

function ownSettings(config: LoadedConfig): ExplainedSetting[] {
  const value: Readonly<Record<string, unknown>> = {
    home: config.home,
    dags: config.dags,
    store: isStore(config.store) ? masked(config.store) : nameOf(config.store),
    "xcom.backend": config.xcom.backend.map((entry) => (isXComPart(entry) ? masked(entry) : nameOf(entry))),
    "xcom.maxValueBytes": config.xcom.maxValueBytes ?? engineDefaults.maxValueBytes,
    "xcom.timeout": config.xcom.timeout ?? engineDefaults.xcomTimeout,
    services: config.services.map((entry) =>
      isEngineService(entry) ? masked(entry) : nameOf(entry as PluginReference),
    ),
    "secrets.file": config.secrets.file ?? "none",
    "secrets.providers": config.secrets.providers.map((entry) =>
      isSecretProvider(entry) ? `a live object (${entry.name})` : nameOf(entry),
    ),
    "secrets.ttl": config.secrets.ttl ?? engineDefaults.secretTtl,
    "secrets.timeout": config.secrets.timeout ?? engineDefaults.secretTimeout,
    // Their names: whatever else they hold may be secret.
    connections: Object.keys(config.connections),
    pools: config.pools,
    concurrency: config.concurrency ?? engineDefaults.concurrency,
    "threads.max": config.threads.max ?? "as many as processors, at least 2",
    "threads.maxMemoryMb": config.threads.maxMemoryMb ?? threadDefaults.maxMemoryMb,
    "threads.env": config.threads.env ?? [],
    killGrace: config.killGrace ?? engineDefaults.killGrace,
    retention: config.retention === false ? false : { ...retentionDefaults, ...config.retention },
    maxCrashes: config.maxCrashes ?? engineDefaults.maxCrashes,
  };
  return Object.entries(value).map(([setting, value]) => ({
    setting,
    value,
    origin: config.origins.get(setting) ?? { source: "default" },
  }));
}

function nameOf(reference: string | readonly [string, unknown]): string {
  return typeof reference === "string" ? reference : reference[0];
}

function optionSettings(at: string, plugin: PreparedPlugin): ExplainedSetting[] {
  if (typeof plugin.options !== "object" || plugin.options === null) return [];
  return Object.entries(plugin.options).flatMap(([option, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const origin: Origin = plugin.origins.get(option) ?? { source: "default" };
    return [{ setting: `${at}.${option}`, value: masked(value, isSecretOption(plugin.manifest, option)), origin }];
  });
}
