import type { RunState, RunType } from "../lifecycle/states.ts";
import type { BackfillPlace } from "./backfill-contract.ts";

/** Changes of DAGs and of whole runs. */

/**
 * Makes a DAG and this version of it known, and this version the DAG's current one. The fingerprint that is current
 * already changes nothing but `lastSeenAt` (and the start date) and writes no event.
 */
export interface RegisterDag {
  readonly kind: "registerDag";
  readonly dagId: string;
  /** Hash of the snapshot; names the version. */
  readonly fingerprint: string;
  /** JSON text that describes the DAG to people and to the command. */
  readonly snapshot: string;
  /** Content address of the code that this version was loaded from; `null` for a DAG defined in a host program. */
  readonly bundle: string | null;
  /** Task ids; the place in this list is the `taskNo`. */
  readonly taskIds: readonly string[];
  /** Applied only when the DAG is new. */
  readonly paused: boolean;
  /** The resolved start date; `null` for a DAG that has none, also if it had one before. */
  readonly startDate: number | null;
  /** That it counts back from `at`, as `"-30d"` does: then a start date that is stored stays, otherwise it is replaced. */
  readonly startDateIsRelative: boolean;
  readonly at: number;
}

export interface SetDagPaused {
  readonly kind: "setDagPaused";
  readonly dagId: string;
  readonly paused: boolean;
  /** A sentence for people, where nobody asked for it; stands in the event. */
  readonly reason?: string;
  readonly at: number;
}

/**
 * Remembers the data interval of the newest scheduled run, from which the next one is reckoned: it is kept when that run
 * is removed. Sets both ends, whatever is stored; refused when there is no such DAG.
 */
export interface AdvanceSchedule {
  readonly kind: "advanceSchedule";
  readonly dagNo: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  readonly at: number;
}

/**
 * Inserts a run, `queued`, and one task instance per task of its version, all `scheduled`, map index -1.
 * Their numbers are consecutive: task `n` gets `firstTaskInstanceNo + n`.
 * Refused with `exists` when, within the DAG, the run id, the idempotency key or (among scheduled and backfill runs)
 * the logical date is taken; looked for in this order.
 *
 * A run of a backfill is made for the next item of one that is `running`, otherwise it is refused: the item has this run
 * from now on, and the backfill's counters and next item move with it. On `exists` nothing of this happens.
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
  readonly backfill: BackfillPlace | null;
  readonly at: number;
}

/**
 * Moves a run. The counters of a backfill that it belongs to move with it. `startedAt` is set by the first move to `running` and cleared by `queued`; `endedAt` is set by an end, else
 * cleared; the note is the one given. A run that has ended is reopened by a move to `queued`: it is active again, and its
 * events go on where they stopped.
 */
export interface UpdateRun {
  readonly kind: "updateRun";
  readonly runNo: number;
  readonly from: readonly RunState[];
  readonly to: RunState;
  /** A sentence for people: why it ended so. */
  readonly note: string | null;
  readonly at: number;
}
