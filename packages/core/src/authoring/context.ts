import type { Readable } from "node:stream";
import type { RunType } from "../lifecycle/states.ts";
import type { Connection } from "../secrets/connection.ts";
import type { LogLevel } from "../store/contract.ts";
import type { Instant } from "../time/temporal.ts";
import type { DataInterval } from "../timetable/timetable.ts";
import type { MappedTaskHandle, TaskHandle } from "./handles.ts";

/** JSON, as a type. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A run that succeeded before this one. */
export interface PreviousRun {
  readonly interval: DataInterval;
  readonly runId: string;
}

/**
 * What a task function is given. Take what you need of it by name: most of it is made when it is asked for, so
 * `({ log, ...rest })` finds little more than the input in `rest`; use `(context)` to pass all of it on.
 */
export interface TaskContext<Params = unknown, Input = unknown> {
  /** Results of the upstream tasks named by the task's `input`, in the same shape. */
  readonly input: Input;
  /** The run's parameters, as the DAG's schema returned them. */
  readonly params: Params;
  /** Free-form settings given when the run was made. */
  readonly conf: Readonly<Record<string, JsonValue>>;
  /** The stretch of time that this run is about. Zero width for a run without a schedule. */
  readonly interval: DataInterval;
  /**
   * The newest earlier run of the DAG (by logical date) that succeeded, as Airflow's `prev_data_interval_*_success`;
   * `undefined` if there is none. A scheduled or backfill run looks at runs of these two types, which own their logical date;
   * others look at all. Looked up before the run's first attempt, and again after a restart of the engine.
   */
  readonly previous: PreviousRun | undefined;
  readonly logicalDate: Instant;
  readonly run: { readonly id: string; readonly type: RunType };
  readonly dag: { readonly id: string };
  /** `mapIndex` is -1 for a task that is not mapped. */
  readonly task: { readonly id: string; readonly mapIndex: number };
  /** Number of this attempt, from 1. A rescheduled attempt keeps its number. */
  readonly attempt: number;
  /** The same for every attempt of this task instance: give it to services that know idempotency keys. */
  readonly idempotencyKey: string;
  readonly xcom: XComAccessor;
  /** A small durable key-value of this task instance; survives retries and reschedules. */
  readonly state: StateAccessor;
  /**
   * The same, shared by all runs of the DAG: for checkpoints. What is set is stored at once, whatever becomes of the attempt,
   * and neither clearing nor retrying takes it back: so set a checkpoint last, when what it stands for is done.
   */
  readonly dagState: StateAccessor;
  readonly log: TaskLog;
  /** Counters, gauges and histograms of this task, beside those of the engine. */
  readonly metrics: TaskMetrics;
  /** Aborts when the attempt times out, the run is cancelled, or the engine closes. */
  readonly signal: AbortSignal;
  /**
   * A secret by its name, from the environment (`MILLRACE_SECRET_<NAME>`), the secrets file or a provider: the first that has it.
   * From now on it is `***` in logs, errors, events and metrics of this process, also in URLs, JSON and base64, if it has at least
   * four characters. What a task returns or pushes is data and is not altered: do not pass secrets on.
   *
   * @throws `SECRET_NAME_INVALID`, `SECRET_NOT_FOUND`, `SECRET_INVALID`, `SECRET_PROVIDER_FAILED`
   */
  secret(name: string): Promise<string>;
  /**
   * A connection by its name, from a URL or an object (`MILLRACE_CONNECTION_<NAME>`, the secrets file, the config, a provider). Its
   * password, and options with names such as `token`, are masked as secrets are.
   *
   * @throws `SECRET_NAME_INVALID`, `CONNECTION_NOT_FOUND`, `SECRET_INVALID`, `SECRET_PROVIDER_FAILED`
   */
  connection(name: string): Promise<Connection>;
  /** Adds a record to the list under this task's XCom key `data_lineage`. */
  lineage(dataSource: string, transformation: string): Promise<LineageRecord>;
}

export interface LineageRecord {
  readonly source_task: string;
  readonly data_source: string;
  readonly transformation: string;
  readonly timestamp: string;
  readonly dag_run_id: string;
}

/** Few values each: every combination is a series that is kept. Beyond 200 values of a label the rest is `other`. */
export type MetricLabels = Readonly<Record<string, string | number | boolean>>;

/**
 * What tasks measure, under names that the engine puts `millrace_task_` before, with the labels `dag` and `task`. A name has
 * one kind and one set of labels in all tasks; values that do not fit, or are no finite numbers, are left out and counted.
 *
 * Each function throws `METRIC_NAME_INVALID` for a name or label other than `[a-zA-Z_][a-zA-Z0-9_]*`.
 */
export interface TaskMetrics {
  /** Something that only grows; `n` is 1 unless given. End its name in `_total`. */
  counter(
    name: string,
    options?: { readonly help?: string },
  ): { readonly add: (n?: number, labels?: MetricLabels) => void };
  /** Something that goes up and down: the value set last counts. */
  gauge(
    name: string,
    options?: { readonly help?: string },
  ): { readonly set: (value: number, labels?: MetricLabels) => void };
  /** How values are spread; `buckets` are upper bounds, by default from 5 ms to 10 s when the values are seconds. */
  histogram(
    name: string,
    options?: { readonly help?: string; readonly buckets?: readonly number[] },
  ): { readonly record: (value: number, labels?: MetricLabels) => void };
}

/** Structured log of one attempt. `fields` must be JSON. */
export type TaskLog = Readonly<Record<LogLevel, (message: string, fields?: Readonly<Record<string, unknown>>) => void>>;

export interface StateAccessor {
  /** The value put last, or `undefined`. */
  get(key: string): Promise<unknown>;
  /**
   * Stored when it resolves, whatever becomes of the attempt. Takes what XComs take, up to 1 MiB as JSON, under a key of 1 to
   * 500 characters.
   *
   * @throws `STATE_KEY_INVALID`, `STATE_TOO_LARGE`, `XCOM_UNSUPPORTED`
   */
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Stores `value` only if `expected` is what is stored now (`undefined` = nothing). Tells whether it did. */
  compareAndSet(key: string, expected: unknown, value: unknown): Promise<boolean>;
}

/** Which XCom to read. */
export interface XComQuery {
  /** Default: the calling task. */
  readonly task?: string | TaskHandle | MappedTaskHandle;
  /** Default `return_value`: the task's result. */
  readonly key?: string;
  /** Run id of another run of the same DAG. */
  readonly run?: string;
  /**
   * Also look into earlier runs (by logical date, and of the same date those made before), newest first, if this run has none:
   * Airflow's `include_prior_dates`. Of a mapped task as a whole: into the newest run whose first element has one.
   */
  readonly prior?: boolean;
  /** One element of a mapped task. */
  readonly mapIndex?: number;
}

/** What tasks pass to each other. A value has the type it was pushed with: see the list in the README. */
export interface XComAccessor {
  /**
   * Keeps a value under a key of this task. Recorded together with the attempt's outcome; a retry starts without it.
   *
   * @throws `XCOM_UNSUPPORTED`, `XCOM_TOO_DEEP`, `XCOM_TOO_LARGE`, `XCOM_KEY_INVALID`
   */
  push(key: string, value: unknown): Promise<void>;
  /** A value that was pushed; `default` (or `undefined`) if there is none. A list of tasks gives a list. */
  pull<T>(
    query: XComQuery & { readonly task: MappedTaskHandle<T>; readonly mapIndex: number; readonly key?: undefined },
  ): Promise<T | undefined>;
  pull<T, D>(
    query: XComQuery & { readonly task: TaskHandle<T>; readonly key?: undefined; readonly default: D },
  ): Promise<T | D>;
  pull<T>(query: XComQuery & { readonly task: TaskHandle<T>; readonly key?: undefined }): Promise<T | undefined>;
  pull(
    query: Omit<XComQuery, "task"> & { readonly task: readonly (string | TaskHandle)[]; readonly default?: unknown },
  ): Promise<unknown[]>;
  pull(query: XComQuery & { readonly default?: unknown }): Promise<unknown>;
  /** Splits keys of a task into those that exist, with their values, and those that do not. */
  pullAvailable(
    task: string | TaskHandle,
    keys: readonly string[],
  ): Promise<{ available: Record<string, unknown>; missing: string[] }>;
  /** Pushes every entry under `prefix_name`. */
  pushAll(prefix: string, values: Readonly<Record<string, unknown>>): Promise<PushAllRecord>;
  /** Keeps a stream of bytes that need not fit in memory. */
  pushStream(
    key: string,
    source: Readable | AsyncIterable<Uint8Array | string>,
  ): Promise<{ readonly sizeBytes: number }>;
  /** Reads it back, piece by piece, checked to its last byte. */
  pullStream(query: XComQuery & { readonly key: string }): Promise<AsyncIterable<Uint8Array>>;
  /** A key that no other task instance, attempt or call makes: `base_` and 8 hexadecimal digits. */
  uniqueKey(base: string): string;
  /** Removes XComs of this run: of one task or all, all keys or some. Recorded together with the attempt's outcome. */
  clear(query?: { readonly task?: string | TaskHandle; readonly keys?: readonly string[] }): Promise<XComClearRecord>;
}

export interface PushAllRecord {
  readonly keys_pushed: string[];
  readonly total_items: number;
  readonly push_timestamp: string;
}

export interface XComClearRecord {
  readonly removed: {
    readonly task: string;
    readonly mapIndex: number;
    readonly key: string;
    readonly sizeBytes: number;
  }[];
  readonly sizeBytes: number;
}
