import type { RunState, RunType, TaskState } from "../lifecycle/states.ts";
import type { AttemptPerformance, XComPut } from "./changes.ts";

/** What reading from the store gives. Instants are whole milliseconds since the epoch. */

export interface DagRow {
  readonly dagNo: number;
  readonly dagId: string;
  /** The version registered last. */
  readonly versionNo: number;
  readonly paused: boolean;
  readonly startDate: number | null;
  /** Data interval of the newest scheduled run; `null` before the first one. */
  readonly scheduledStart: number | null;
  readonly scheduledEnd: number | null;
  readonly registeredAt: number;
  readonly lastSeenAt: number;
}

export interface DagVersionRow {
  readonly versionNo: number;
  readonly dagNo: number;
  readonly dagId: string;
  readonly fingerprint: string;
  readonly snapshot: string;
  /** Content address of the code that it was loaded from; `null` for a DAG defined in a host program. */
  readonly bundle: string | null;
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
  /** The backfill that it belongs to; it may be removed since. */
  readonly backfillNo: number | null;
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
  /** Attempts that were lost with their process, since it was made or cleared. */
  readonly crashes: number;
  /** Attempts that do not count against the retries: lost, handed back, or made before it was cleared. */
  readonly uncounted: number;
}

export interface XComRow extends XComPut {
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly createdAt: number;
}

/** The pieces of a streamed XCom that are stored, whether or not they are all. */
export interface StreamRow {
  readonly streamId: string;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  /** When its newest piece was written. */
  readonly newestAt: number;
}

/** That an instance (the reader) read an XCom of another one (the source) in an attempt that has ended. */
export interface XComReadRow {
  readonly taskInstanceNo: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly sourceNo: number;
  readonly sourceRunNo: number;
  readonly sourceRunId: string;
  readonly sourceTaskId: string;
  readonly sourceMapIndex: number;
  readonly key: string;
  readonly sizeBytes: number;
}

export interface PerformanceRow extends AttemptPerformance {
  readonly taskInstanceNo: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly attempt: number;
}

/** What somebody asks the engine of the store for. */
export interface RequestRow {
  /** Grows with every request of the store; never reused. */
  readonly requestNo: number;
  readonly requestId: string;
  readonly operation: string;
  /** JSON text. */
  readonly payload: string;
  readonly filedAt: number;
  readonly answeredAt: number | null;
  /** JSON text. */
  readonly answer: string | null;
}

export interface EventRow {
  /** Grows with every event of the store; never reused. */
  readonly seq: number;
  readonly at: number;
  /** For example `run.created`, `run.success`, `task.started`, `task.failed`, `task.expanded`, `dag.registered`, `backfill.running`. */
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
