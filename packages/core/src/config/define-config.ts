import type { RetentionOptions } from "../engine/retention/retention-rules.ts";
import type { ThreadOptions } from "../runtime/threads/thread-options.ts";
import type { ConnectionInput } from "../secrets/connection.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import type { Store } from "../store/contract.ts";
import type { DurationInput } from "../time/duration.ts";
import type { XComBackendPart } from "../xcom/parts.ts";

/** Options of a plug-in that is named by its package; its own schema checks them. */
export type PluginOptions = Readonly<Record<string, unknown>>;

/** A plug-in by the name of its package (or the path of a local module, `./…`), with options if it takes some. */
export type PluginReference = string | readonly [name: string, options: PluginOptions];

/** A service made by the config itself: an `EngineService` of `@millrace/core/engine`, whose types are not loaded here. */
export interface LiveService {
  readonly name: string;
  start(host: never): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** What `millrace.config.ts` exports. Every setting may be left out. Relative paths count from the file's folder. */
export interface MillraceConfig {
  /** Folder of DAG files: every exported DAG, or iterable of DAGs, of every file below it. Default `./dags`. */
  readonly dags?: string;
  /** Folder for what Millrace keeps. Default `.millrace`. */
  readonly home?: string;
  /** Where runs and results are recorded. Default `@millrace/store-sqlite` in `<home>/millrace.db`; `memory` keeps nothing. */
  readonly store?: PluginReference | Store;
  readonly xcom?: {
    /** How new values are written: stages in the order of writing, at most one place, last. Default: into the store as they are. */
    readonly backend?: string | XComBackendPart | readonly (PluginReference | XComBackendPart)[];
    /** Options by package name. Every part named here can read what it once wrote, whether `backend` names it or not. */
    readonly parts?: Readonly<Record<string, PluginOptions>>;
    /** Largest value that a task may pass on, in bytes of JSON. */
    readonly maxValueBytes?: number;
    /** How long the parts may take to write or read one value; streams may take as long as their task. Default 10 minutes. */
    readonly timeout?: DurationInput;
  };
  /** What `millrace start` has beside its scheduler: notifiers, backfills. In the order of their start. */
  readonly services?: readonly (PluginReference | LiveService)[];
  /**
   * Where secrets and connections come from, besides the environment, which is always asked first: the file, then `connections`,
   * then the providers in their order.
   */
  readonly secrets?: {
    /** A YAML or JSON file with `secrets` and `connections`, which only its owner may read. */
    readonly file?: string;
    readonly providers?: readonly (PluginReference | SecretProvider)[];
    /** How long a value is kept before it is asked for again. Default 5 min. */
    readonly ttl?: DurationInput;
    /** How long one provider may take. Default 10 s. */
    readonly timeout?: DurationInput;
  };
  /** Connections by name: URLs or objects. What holds a password belongs into the environment or the secrets file. */
  readonly connections?: Readonly<Record<string, ConnectionInput>>;
  /** Slots by pool. A pool that tasks name must stand here; `default_pool` has 128 unless it stands here too. */
  readonly pools?: Readonly<Record<string, number>>;
  /** Tasks that run at once in this process. Default 32. */
  readonly concurrency?: number;
  /** Threads for tasks with `isolation: "thread"`: how many, what each may use, which variables of the environment they see. */
  readonly threads?: ThreadOptions;
  /** How long a task in a thread may go on after it was told to stop. Default 5 s. */
  readonly killGrace?: DurationInput;
  /**
   * What `millrace start` removes from the store as time goes by; `false`: nothing. Default: runs that ended 365 d ago or are not
   * among the last 10,000 of their DAG, logs after 30 d, events after 90 d.
   */
  readonly retention?: RetentionOptions | false;
  /** So often may an attempt of a task end with its process; then the task fails with `TASK_POISON`. Default 3. */
  readonly maxCrashes?: number;
}

/**
 * Types the configuration that a `millrace.config.ts` exports. It is checked when it is loaded.
 *
 * @example
 * ```ts
 * import { defineConfig } from "@millrace/core";
 *
 * export default defineConfig({
 *   dags: "./dags",
 *   pools: { warehouse: 4 },
 *   concurrency: 8,
 * });
 * ```
 */
export function defineConfig(config: MillraceConfig): MillraceConfig {
  return config;
}
