import type { TaskState } from "../lifecycle/states.ts";
import type { BackfillChange } from "./backfill-contract.ts";
import type { AdvanceSchedule, CreateRun, RegisterDag, SetDagPaused, UpdateRun } from "./dag-changes.ts";
import type { RequestChange } from "./request-changes.ts";
import type { RetentionChange } from "./retention-changes.ts";
import type { EventRow, LogLine } from "./rows.ts";

export type * from "./dag-changes.ts";

/** What is written to the store: plain data, one outcome for each. */

export type Change =
  | RegisterDag
  | SetDagPaused
  | AdvanceSchedule
  | CreateRun
  | UpdateRun
  | StartTask
  | FinishTask
  | ReturnTask
  | SetTask
  | ClearTask
  | ExpandTask
  | CollapseTask
  | DeleteXComs
  | ReplaceXCom
  | AppendLogs
  | PutState
  | PutSetting
  | PutPool
  | PutChunk
  | DeleteChunks
  | AppendEvent
  | RequestChange
  | BackfillChange
  | RetentionChange;

/**
 * An attempt begins: only from one of `from`, with a token larger than 0. Sets state `running`, the token, the attempt number and `startedAt`;
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
  /** What the attempt read; of the same source and key the last one counts. Stored however the attempt ends. */
  readonly reads: readonly XComRead[];
  /** One for each attempt: the last one counts. */
  readonly performance: AttemptPerformance | null;
  readonly at: number;
}

/**
 * An attempt is given up without an outcome: only if the row is `running` with this token. The instance is `scheduled`
 * again, the attempt does not count against its retries (`uncounted` + 1) and, when it was lost with its process, counts as
 * a crash (`crashes` + 1). Clears `startedAt`, `endedAt`, `wakeAt`, `awaits` and `error`; XComs and reads stay as they are.
 */
export interface ReturnTask {
  readonly kind: "returnTask";
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly token: number;
  readonly attempt: number;
  /** `lost`: its process ended under it. `handed_back`: its executor gave it back unmade. */
  readonly why: "lost" | "handed_back";
  /** A sentence for people. */
  readonly reason: string;
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
 * Makes an instance as if it had not run, only from one of `from`: `scheduled`, with token 0, no crashes, no instants, no
 * error, and without its XComs and its reads. Attempts go on being counted where they were, and none of those made so far
 * counts against the retries (`uncounted` = `attempt`). Logs and performance of former attempts stay.
 */
export interface ClearTask {
  readonly kind: "clearTask";
  readonly taskInstanceNo: number;
  readonly runNo: number;
  readonly from: readonly TaskState[];
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

/**
 * Undoes {@link ExpandTask}: instances of the task with a map index of 1 or more are removed with their XComs, reads, logs
 * and performance; index 0, which must be `placeholderNo`, becomes index -1 again and is cleared as by {@link ClearTask},
 * whatever its state. The numbers of removed instances are never given out again.
 */
export interface CollapseTask {
  readonly kind: "collapseTask";
  readonly runNo: number;
  readonly taskNo: number;
  readonly placeholderNo: number;
  /** A sentence for people. */
  readonly reason: string | null;
  readonly at: number;
}

/** Removes XComs outside of an attempt, as a person does; those that are not there are passed over. */
export interface DeleteXComs {
  readonly kind: "deleteXComs";
  readonly refs: readonly XComRef[];
  readonly at: number;
}

/**
 * Stores the same value in another form: encrypted with a newer key, say. Only if exactly the text `expected` is stored
 * now, otherwise refused: an XCom that was pushed anew or removed meanwhile stays as that left it. It was pushed when it
 * was pushed (`createdAt` stays), reads of it stay, and no event is written: whoever rewrites many tells it in one.
 */
export interface ReplaceXCom {
  readonly kind: "replaceXCom";
  readonly taskInstanceNo: number;
  readonly key: string;
  /** What is stored, as it was read. */
  readonly expected: string;
  readonly put: Omit<XComPut, "key">;
}

/** Refused when there is no such instance. */
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

/** That an attempt read an XCom. */
export interface XComRead {
  /** The instance whose XCom was read. */
  readonly taskInstanceNo: number;
  readonly key: string;
  readonly sizeBytes: number;
}

/** What an attempt cost, in whole microseconds and bytes. */
export interface AttemptPerformance {
  /** Whose processor time and memory it is: that of the process, which other attempts had a part in, or of a thread of its own. */
  readonly scope: "process" | "thread";
  readonly durationUs: number;
  readonly cpuUs: number;
  readonly memoryBeforeBytes: number;
  readonly memoryAfterBytes: number;
  readonly memoryPeakBytes: number;
  readonly loopDelayUs: number;
}

/** What `error` columns hold: what people need to see of an error, never the values it was about. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

export type Outcome =
  /** `eventSeq` is the number of the event that the change wrote, 0 if it wrote none. */
  | {
      readonly status: "done";
      readonly eventSeq: number;
      /** Of `updateBackfill`: what its event names. */
      readonly backfill?: { readonly backfillId: string; readonly dagId: string };
    }
  | { readonly status: "refused"; readonly reason: string }
  | {
      readonly status: "registered";
      readonly dagNo: number;
      readonly versionNo: number;
      readonly isNewVersion: boolean;
      /** The one that holds from now on. */
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
  | { readonly status: "expanded"; readonly firstTaskInstanceNo: number; readonly eventSeq: number }
  | { readonly status: "filed"; readonly requestNo: number }
  | {
      readonly status: "backfillCreated";
      readonly backfillNo: number;
      readonly dagId: string;
      readonly eventSeq: number;
    }
  | { readonly status: "deleted"; readonly count: number };
