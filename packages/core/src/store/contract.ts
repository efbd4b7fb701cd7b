import type { RunState, RunType, TaskState } from "../lifecycle/states.ts";

/**
 * The metadata store: facets to read, and one way to write. Every value here is plain data.
 *
 * Instants are whole milliseconds since the epoch. Rows are known by integer numbers that the store
 * hands out (`dagNo`, `versionNo`, `runNo`, `taskInstanceNo`); the ids that people see are text beside them.
 */
export interface Store {
  /** Shown in messages, for example `sqlite` or `memory`. */
  readonly name: string;
  /**
   * Makes the store ready. `engine` claims it for one engine (a second one gets `STORE_LOCKED`);
   * `reader` only reads and claims nothing. Opening twice is harmless.
   */
  open(mode: "engine" | "reader"): Promise<StoreOpening>;
  /**
   * Applies all changes in one transaction, in order, and answers one outcome for each, in the same order.
   * A change whose guard does not hold is refused by its outcome and leaves no trace; the others still apply.
   * Rejects only when the transaction as a whole could not be stored: then nothing of it is.
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]>;
  readonly dags: DagFacet;
  readonly runs: RunFacet;
  readonly tasks: TaskFacet;
  readonly xcoms: XComFacet;
  readonly chunks: ChunkFacet;
  readonly events: EventFacet;
  readonly logs: LogFacet;
  readonly pools: PoolFacet;
  readonly settings: SettingFacet;
  readonly state: StateFacet;
  /** Frees every resource. A store that was closed answers `STORE_CLOSED`. */
  close(): Promise<void>;
}

export interface StoreOpening {
  /** Grows by one each time an engine opens the store; attempt tokens are made from it. 0 for a reader. */
  readonly epoch: number;
}

export interface CommitOptions {
  /** `full` returns only when the group would survive a power cut; `normal` survives the death of the process. */
  readonly durability?: "normal" | "full";
}

// ---------------------------------------------------------------- changes

export type Change =
  | RegisterDag
  | SetDagPaused
  | CreateRun
  | UpdateRun
  | StartTask
  | FinishTask
  | SetTask
  | ExpandTask
  | AppendLogs
  | PutState
  | PutSetting
  | PutPool
  | PutChunk
  | DeleteChunks
  | AppendEvent;

/**
 * Makes a DAG and this version of it known, and this version the DAG's current one. The fingerprint that is current
 * already changes nothing but `lastSeenAt` (and a missing start date) and writes no event.
 */
export interface RegisterDag {
  readonly kind: "registerDag";
  readonly dagId: string;
  /** Hash of the snapshot; names the version. */
  readonly fingerprint: string;
  /** JSON text that describes the DAG to people and to the command. */
  readonly snapshot: string;
  /** Task ids; the place in this list is the `taskNo`. */
  readonly taskIds: readonly string[];
  /** Applied only when the DAG is new. */
  readonly paused: boolean;
  /** The resolved start date; stored when the DAG is new or had none, otherwise left as it is. */
  readonly startDate: number | null;
  readonly at: number;
}

export interface SetDagPaused {
  readonly kind: "setDagPaused";
  readonly dagId: string;
  readonly paused: boolean;
  readonly at: number;
}

/**
 * Inserts a run, `queued`, and one task instance per task of its version, all `scheduled`, map index -1.
 * Their numbers are consecutive: task `n` gets `firstTaskInstanceNo + n`.
 * Refused with `exists` when, within the DAG, the run id, the idempotency key or (among scheduled and backfill runs)
 * the logical date is taken; looked for in this order.
 */
export interface CreateRun {
  readonly kind: "createRun";
  readonly dagNo: number;
  readonly versionNo: number;
  readonly runId: string;
  readonly type: RunType;
  readonly logicalDate: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  /** JSON text. */
  readonly params: string | null;
  /** JSON text. */
  readonly conf: string | null;
  readonly idempotencyKey: string | null;
  readonly at: number;
}

/** Moves a run. `startedAt` is set by the first move to `running` and cleared by `queued`; `endedAt` is set by an end, else cleared. */
export interface UpdateRun {
  readonly kind: "updateRun";
  readonly runNo: number;
  readonly from: readonly RunState[];
  readonly to: RunState;
  /** A sentence for people: why it ended so. */
  readonly note: string | null;
  readonly at: number;
}

/**
 * An attempt begins: only from one of `from`. Sets state `running`, the token, the attempt number and `startedAt`;
 * clears what the attempt before left (`endedAt`, `wakeAt`, `awaits`, `error`, `reason`).
 */
export interface StartTask {
  readonly kind: "startTask";
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly from: readonly TaskState[];
  readonly token: number;
  readonly attempt: number;
  readonly at: number;
}

/**
 * An attempt ends: only if the row is `running` with this token, otherwise refused and nothing of it is stored.
 * First deletes what `deletes` names, then replaces the instance's XComs by `xcoms` when `replacesXComs` is set
 * (otherwise adds or replaces key by key).
 */
export interface FinishTask {
  readonly kind: "finishTask";
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly token: number;
  readonly attempt: number;
  readonly state: TaskState;
  /** JSON text of a {@link StoredError}. */
  readonly error: string | null;
  /** When an instance that is up for retry or reschedule may run again. */
  readonly wakeAt: number | null;
  /** The event that a `waiting` instance awaits. */
  readonly awaits: string | null;
  readonly replacesXComs: boolean;
  readonly xcoms: readonly XComPut[];
  readonly deletes: readonly XComRef[];
  readonly at: number;
}

/**
 * A move that no attempt makes: skips, failures of upstreams, wake-ups, cancellations.
 * Sets state and reason, clears `wakeAt` and `awaits`; `endedAt` is set by a finished state, else cleared; the rest stays.
 */
export interface SetTask {
  readonly kind: "setTask";
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly from: readonly TaskState[];
  readonly to: TaskState;
  /** A sentence for people. */
  readonly reason: string | null;
  readonly at: number;
}

/**
 * The placeholder of a mapped task, still `scheduled`, becomes index 0; indices 1 … count-1 are inserted, `scheduled`, with
 * consecutive numbers: index `i` gets `firstTaskInstanceNo + i - 1`. With a count of 1 nothing is inserted, and that number is 0.
 */
export interface ExpandTask {
  readonly kind: "expandTask";
  readonly runNo: number;
  readonly taskNo: number;
  readonly placeholderNo: number;
  /** At least 1. */
  readonly count: number;
  readonly at: number;
}

export interface AppendLogs {
  readonly kind: "appendLogs";
  readonly taskInstanceNo: number;
  readonly attempt: number;
  readonly lines: readonly LogLine[];
}

/** Compare-and-set when `expected` is given: the value that must be stored now (`null` = none). `value: null` deletes. */
export interface PutState {
  readonly kind: "putState";
  readonly namespace: string;
  readonly key: string;
  /** JSON text. */
  readonly value: string | null;
  readonly expected?: string | null;
  readonly at: number;
}

export interface PutSetting {
  readonly kind: "putSetting";
  readonly key: string;
  readonly value: string | null;
  readonly at: number;
}

/** Writes an event only when the number of slots changes. */
export interface PutPool {
  readonly kind: "putPool";
  readonly pool: string;
  readonly slots: number;
  readonly at: number;
}

/** A piece of a streamed XCom, written before the attempt ends. */
export interface PutChunk {
  readonly kind: "putChunk";
  readonly streamId: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export interface DeleteChunks {
  readonly kind: "deleteChunks";
  readonly streamId: string;
}

/** An event that belongs to no other change. */
export interface AppendEvent {
  readonly kind: "appendEvent";
  readonly event: Omit<EventRow, "seq">;
}

export interface XComRef {
  readonly taskInstanceNo: number;
  readonly key: string;
}

export interface XComPut {
  readonly key: string;
  /** `json`: the value's own JSON text. `envelope`: JSON text of an envelope that a backend part owns. */
  readonly format: "json" | "envelope";
  readonly stored: string;
  /** Size of the value's JSON text, in bytes, before any part touched it. */
  readonly sizeBytes: number;
}

/** What `error` columns hold: what people need to see of an error, never the values it was about. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

// ---------------------------------------------------------------- outcomes

export type Outcome =
  /** `eventSeq` is the number of the event that the change wrote, 0 if it wrote none. */
  | { readonly status: "done"; readonly eventSeq: number }
  | { readonly status: "refused"; readonly reason: string }
  | {
      readonly status: "registered";
      readonly dagNo: number;
      readonly versionNo: number;
      readonly isNewVersion: boolean;
      readonly startDate: number | null;
      readonly paused: boolean;
      readonly eventSeq: number;
    }
  | {
      readonly status: "created";
      readonly runNo: number;
      readonly firstTaskInstanceNo: number;
      readonly eventSeq: number;
    }
  | {
      readonly status: "exists";
      readonly runNo: number;
      readonly runId: string;
      readonly by: "run_id" | "logical_date" | "idempotency_key";
    }
  | { readonly status: "expanded"; readonly firstTaskInstanceNo: number; readonly eventSeq: number };

// ---------------------------------------------------------------- rows and facets

export interface DagRow {
  readonly dagNo: number;
  readonly dagId: string;
  /** The version registered last. */
  readonly versionNo: number;
  readonly paused: boolean;
  readonly startDate: number | null;
  readonly registeredAt: number;
  readonly lastSeenAt: number;
}

export interface DagVersionRow {
  readonly versionNo: number;
  readonly dagNo: number;
  readonly dagId: string;
  readonly fingerprint: string;
  readonly snapshot: string;
  readonly createdAt: number;
}

export interface RunRow {
  readonly runNo: number;
  readonly runId: string;
  readonly dagNo: number;
  readonly dagId: string;
  readonly versionNo: number;
  readonly type: RunType;
  readonly state: RunState;
  readonly logicalDate: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  readonly params: string | null;
  readonly conf: string | null;
  readonly idempotencyKey: string | null;
  readonly note: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export interface TaskInstanceRow {
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly taskNo: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped, or not expanded yet. */
  readonly mapIndex: number;
  readonly state: TaskState;
  /** 0 before the first attempt. */
  readonly attempt: number;
  readonly token: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly wakeAt: number | null;
  readonly awaits: string | null;
  /** JSON text of a {@link StoredError}. */
  readonly error: string | null;
  /** Why it was moved without an attempt. */
  readonly reason: string | null;
}

export interface XComRow extends XComPut {
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly createdAt: number;
}

export interface EventRow {
  /** Grows with every event of the store; never reused. */
  readonly seq: number;
  readonly at: number;
  /** For example `run.created`, `run.success`, `task.started`, `task.failed`, `task.expanded`, `dag.registered`. */
  readonly kind: string;
  /** As it was written, else the DAG of the run. */
  readonly dagId: string | null;
  readonly runNo: number | null;
  readonly taskInstanceNo: number | null;
  readonly attempt: number | null;
  /** JSON text. */
  readonly data: string | null;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  /** JSON text. */
  readonly fields: string | null;
}

export interface LogRow extends LogLine {
  /** Grows within the store. */
  readonly logNo: number;
  readonly taskInstanceNo: number;
  readonly attempt: number;
}

export interface PoolRow {
  readonly pool: string;
  readonly slots: number;
}

export interface DagFacet {
  list(): Promise<readonly DagRow[]>;
  get(dagId: string): Promise<DagRow | undefined>;
  version(versionNo: number): Promise<DagVersionRow | undefined>;
}

export interface RunFilter {
  readonly dagId?: string;
  readonly states?: readonly RunState[];
  readonly type?: RunType;
  /** Default 100, at most 10,000; newest first. */
  readonly limit?: number;
  /** Only runs with a smaller number: the last one of the page before. */
  readonly before?: number;
}

export interface RunFacet {
  get(runNo: number): Promise<RunRow | undefined>;
  find(dagId: string, runId: string): Promise<RunRow | undefined>;
  list(filter: RunFilter): Promise<readonly RunRow[]>;
  /** Runs that have not ended, oldest first. Costs as many rows as there are such runs. */
  active(): Promise<readonly RunRow[]>;
  /**
   * The newest run of the DAG with a smaller logical date (or the same date and a smaller number).
   * `scheduledOnly` looks at scheduled and backfill runs, which are those that own their logical date.
   */
  previous(query: {
    readonly dagNo: number;
    readonly logicalDate: number;
    readonly runNo: number;
    readonly scheduledOnly: boolean;
  }): Promise<RunRow | undefined>;
}

export interface TaskFacet {
  /** All instances of a run, by `taskNo`, then map index. */
  ofRun(runNo: number): Promise<readonly TaskInstanceRow[]>;
  get(taskInstanceNo: number): Promise<TaskInstanceRow | undefined>;
  find(query: {
    readonly runNo: number;
    readonly taskId: string;
    readonly mapIndex: number;
  }): Promise<TaskInstanceRow | undefined>;
}

export interface XComFacet {
  get(ref: XComRef): Promise<XComRow | undefined>;
  /** One key of many instances, in the order asked; a place is `undefined` where there is none. */
  getMany(taskInstanceNos: readonly number[], key: string): Promise<readonly (XComRow | undefined)[]>;
  /** By task number, map index and key. */
  ofRun(runNo: number): Promise<readonly XComRow[]>;
  ofTask(taskInstanceNo: number): Promise<readonly XComRow[]>;
  /** The key as the newest run with a logical date at or before `logicalDate` left it (`runNo` breaks ties; own run included). */
  prior(query: {
    readonly dagNo: number;
    readonly taskId: string;
    readonly mapIndex: number;
    readonly key: string;
    readonly logicalDate: number;
    readonly runNo: number;
  }): Promise<XComRow | undefined>;
}

export interface ChunkFacet {
  get(streamId: string, seq: number): Promise<Uint8Array | undefined>;
}

export interface EventFacet {
  /** Events after `after`, oldest first. `limit` default 1,000, at most 10,000. */
  list(filter: {
    readonly after?: number;
    readonly runNo?: number;
    readonly limit?: number;
  }): Promise<readonly EventRow[]>;
}

export interface LogFacet {
  /** Lines after `after`, oldest first. `limit` default 1,000, at most 10,000. */
  list(filter: {
    readonly taskInstanceNo: number;
    readonly attempt?: number;
    readonly after?: number;
    readonly limit?: number;
  }): Promise<readonly LogRow[]>;
}

export interface PoolFacet {
  list(): Promise<readonly PoolRow[]>;
}

export interface SettingFacet {
  get(key: string): Promise<string | undefined>;
}

export interface StateFacet {
  /** JSON text as it was put. */
  get(namespace: string, key: string): Promise<string | undefined>;
  list(namespace: string): Promise<readonly { readonly key: string; readonly value: string }[]>;
}
