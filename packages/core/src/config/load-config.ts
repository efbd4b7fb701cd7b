import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { RetentionOptions } from "../engine/retention/retention-rules.ts";
import { coreError, type MillraceError } from "../errors.ts";
import type { ThreadOptions } from "../runtime/threads/thread-options.ts";
import type { ConnectionInput } from "../secrets/connection.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import type { Store } from "../store/contract.ts";
import type { DurationInput } from "../time/duration.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import type { LiveService, PluginOptions, PluginReference } from "./define-config.ts";
import { environmentKeys } from "./environment.ts";
import { findConfigFile, namedConfigFile } from "./find-config.ts";
import { importFile, whyNotLoaded } from "./import-file.ts";

/** Where the value of a setting came from; `name` is the variable or the flag. */
export interface Origin {
  readonly source: "default" | "file" | "env" | "flag";
  readonly name?: string;
}

/** Settings given on a command line: they beat all else. Relative paths count from `cwd`. */
export interface ConfigFlags {
  readonly home?: string;
  readonly dags?: string;
  readonly store?: string;
  readonly concurrency?: number;
}

export interface LoadConfigOptions {
  /** Where to look for a config file, upwards. Default: the process's folder. */
  readonly cwd?: string;
  /** A config file, or its folder; then nothing is looked for. */
  readonly config?: string;
  readonly flags?: ConfigFlags;
  /** Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Modules (as `import.meta.url`) from which plug-ins are also resolved, after the config's folder and before core. */
  readonly resolveFrom?: readonly string[];
}

/** A configuration, checked, with its paths absolute and its defaults filled in. Plug-ins are still names. */
export interface LoadedConfig {
  /** The config file, if there is one. */
  readonly path: string | undefined;
  /** Folder of the config file; without one the folder in which it was looked for. */
  readonly baseDir: string;
  readonly home: string;
  readonly dags: string;
  readonly store: PluginReference | Store;
  readonly xcom: {
    readonly backend: readonly (PluginReference | XComBackendPart)[];
    readonly parts: Readonly<Record<string, PluginOptions>>;
    readonly maxValueBytes: number | undefined;
    readonly timeout: DurationInput | undefined;
  };
  readonly services: readonly (PluginReference | LiveService)[];
  readonly secrets: {
    /** Absolute. */
    readonly file: string | undefined;
    readonly providers: readonly (PluginReference | SecretProvider)[];
    readonly ttl: DurationInput | undefined;
    readonly timeout: DurationInput | undefined;
  };
  readonly connections: Readonly<Record<string, ConnectionInput>>;
  readonly pools: Readonly<Record<string, number>>;
  readonly concurrency: number | undefined;
  readonly threads: ThreadOptions;
  readonly killGrace: DurationInput | undefined;
  readonly retention: RetentionOptions | false | undefined;
  readonly maxCrashes: number | undefined;
  /** By setting, for example `xcom.backend`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolveFrom: readonly string[];
}

/** Largest config file that is loaded. */
const mostBytes = 2 * 1024 * 1024;

/** The store that is used when no other is named. */
export const defaultStore = "@millrace/store-sqlite";

/**
 * Finds, loads and checks the configuration: file, then environment, then flags. Without a file the defaults hold.
 *
 * @throws `CONFIG_NOT_FOUND`, `CONFIG_LOAD_FAILED`, and `CONFIG_INVALID`, which lists every mistake in `issues`
 * @example
 * ```ts
 * import { loadConfig } from "@millrace/core/engine";
 * const config = await loadConfig({ cwd: "/nowhere", env: { MILLRACE_CONCURRENCY: "8" } });
 * console.log(config.concurrency, config.dags); // 8 /nowhere/dags
 * ```
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const env = options.env ?? process.env;
  const named = options.config ?? (env.MILLRACE_CONFIG || undefined);
  const path = named === undefined ? findConfigFile(cwd) : namedConfigFile(resolve(cwd, named));
  const baseDir = path === undefined ? cwd : dirname(path);
  const file = path === undefined ? {} : (await loadFile(path)).default;

  // The schema's library takes longer to load than the rest of this door: programs without a config never load it.
  const { parseSettings } = await import("./config-schema.ts");
  const layers = [...environmentLayer(env), ...flagLayer(options.flags ?? {})];
  const origins = new Map<string, Origin>();
  const fromFile = parseSettings(file);
  const outer = layers.reduce<Record<string, unknown>>(
    (raw, { setting, value }) => withSetting(raw, setting, value),
    {},
  );
  const fromOutside = parseSettings(outer, (setting) => layers.find((layer) => layer.setting === setting)?.origin.name);
  const mistakes = [...fromFile.mistakes, ...fromOutside.mistakes];
  if (mistakes.length > 0) throw invalid(path ?? "The environment", mistakes);

  const { settings } = fromFile;
  const above = fromOutside.settings;
  for (const setting of settingsIn(file)) origins.set(setting, { source: "file" });
  for (const { setting, origin } of layers) origins.set(setting, origin);

  const place = (setting: "home" | "dags", fallback: string): string => {
    if (above[setting] !== undefined) return resolve(cwd, above[setting]);
    return resolve(baseDir, settings[setting] ?? fallback);
  };
  const { file: ownFile, providers = [], ttl, timeout } = settings.secrets ?? {};
  const outerFile = above.secrets?.file;
  return {
    path,
    baseDir,
    home: place("home", ".millrace"),
    dags: place("dags", "dags"),
    store: above.store ?? settings.store ?? defaultStore,
    xcom: {
      backend: above.xcom?.backend ?? settings.xcom?.backend ?? [],
      parts: settings.xcom?.parts ?? {},
      maxValueBytes: above.xcom?.maxValueBytes ?? settings.xcom?.maxValueBytes,
      timeout: above.xcom?.timeout ?? settings.xcom?.timeout,
    },
    services: settings.services ?? [],
    secrets: {
      file: outerFile !== undefined ? resolve(cwd, outerFile) : ownFile && resolve(baseDir, ownFile),
      providers,
      ttl,
      timeout,
    },
    connections: settings.connections ?? {},
    pools: settings.pools ?? {},
    concurrency: above.concurrency ?? settings.concurrency,
    threads: { ...settings.threads, ...above.threads },
    killGrace: above.killGrace ?? settings.killGrace,
    retention: settings.retention,
    maxCrashes: above.maxCrashes ?? settings.maxCrashes,
    origins,
    env,
    resolveFrom: options.resolveFrom ?? [],
  };
}

/** The module, not its default export: a promise there is a mistake and not to be waited for. */
async function loadFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const sizeBytes = statSync(path).size;
  if (sizeBytes > mostBytes)
    throw coreError("CONFIG_LOAD_FAILED", { path, why: `it has ${sizeBytes} bytes, more than ${mostBytes}` });
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importFile(path);
  } catch (error) {
    throw coreError("CONFIG_LOAD_FAILED", { path, why: whyNotLoaded(error) }, { cause: error });
  }
  if (!("default" in module)) throw coreError("CONFIG_LOAD_FAILED", { path, why: "it has no default export" });
  return module;
}

interface Layer {
  readonly setting: string;
  readonly value: unknown;
  readonly origin: Origin;
}

function environmentLayer(env: LoadedConfig["env"]): Layer[] {
  return environmentKeys.flatMap(({ key, setting, parse }) => {
    const text = env[key];
    if (setting === "config" || text === undefined || text === "") return [];
    return [{ setting, value: parse(text), origin: { source: "env", name: key } }];
  });
}

function flagLayer(flags: ConfigFlags): Layer[] {
  return Object.entries(flags).flatMap(([setting, value]: [string, unknown]) =>
    value === undefined ? [] : [{ setting, value, origin: { source: "flag", name: `--${setting}` } }],
  );
}

function withSetting(raw: Record<string, unknown>, setting: string, value: unknown): Record<string, unknown> {
  const [first, second] = setting.split(".");
  if (second === undefined) return { ...raw, [first]: value };
  return { ...raw, [first]: { ...(raw[first] as object | undefined), [second]: value } };
}

/** Settings that hold others. */
const groups = ["xcom", "threads", "secrets"];

function settingsIn(file: unknown): string[] {
  if (typeof file !== "object" || file === null) return [];
  return Object.entries(file).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined) return [];
    return groups.includes(key) && typeof value === "object" && value !== null
      ? Object.keys(value).map((inner) => `${key}.${inner}`)
      : [key];
  });
}

function invalid(path: string, mistakes: readonly MillraceError[]): MillraceError {
  const list = mistakes.map((mistake) => `  - ${mistake.message}`).join("\n");
  return coreError("CONFIG_INVALID", { path, list }, { issues: mistakes });
}
