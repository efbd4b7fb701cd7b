import type { RunState } from "../lifecycle/states.ts";

/** Backfills: dates of a DAG that are to be run, and how far that is. */

export type BackfillState = "preparing" | "running" | "paused" | "cancelled" | "completed";

/** What is to be done for a date: make its run, run the one that there is again, or nothing. */
export type BackfillAction = "create" | "reprocess" | "skip";

/** A backfill. Its counters change in the transaction in which its items and their runs do. */
export interface BackfillRow {
  /** Never reused. */
  readonly backfillNo: number;
  /** Chosen by who asks; unique in the store. */
  readonly backfillId: string;
  readonly dagNo: number;
  readonly dagId: string;
  readonly state: BackfillState;
  /** JSON text: what was asked for. */
  readonly spec: string;
  /** How many of its runs may be active at once. */
  readonly maxActive: number;
  /** A sentence for people: why it is in this state. */
  readonly note: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Its items. */
  readonly total: number;
  /** Items that get no run: planned so, or passed over later. */
  readonly skipped: number;
  /** Items that have got a run. Each of those runs is in one of the next four counters. */
  readonly started: number;
  /** Its runs that are queued or running. */
  readonly active: number;
  readonly success: number;
  readonly failed: number;
  readonly cancelled: number;
  /** The first item that has neither a run nor is to be skipped: the only one that can be taken next. `total`: there is none. */
  readonly nextItem: number;
}

/** A date of a backfill, as it is planned. */
export interface BackfillItem {
  /** Its place among the items of the backfill, from 0. */
  readonly itemNo: number;
  readonly logicalDate: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  readonly action: BackfillAction;
  /** A sentence for people: why this action. */
  readonly reason: string | null;
  /** JSON text. */
  readonly params: string | null;
  /** JSON text. */
  readonly conf: string | null;
}

/** A date of a backfill, and its run as it is now. */
export interface BackfillItemRow extends BackfillItem {
  readonly backfillNo: number;
  /** Stays when the run is removed. */
  readonly runNo: number | null;
  /** `null` without a run, and once that is removed. */
  readonly runId: string | null;
  readonly runState: RunState | null;
}

/** Refused when the id is taken, there is no such DAG, or the limit is less than 1. It is `preparing`, and has no items yet. */
export interface CreateBackfill {
  readonly kind: "createBackfill";
  readonly backfillId: string;
  readonly dagNo: number;
  /** JSON text. */
  readonly spec: string;
  readonly maxActive: number;
  readonly at: number;
}

/**
 * Adds items while the backfill is `preparing`, at most 10,000 at once; refused unless their numbers go on where they
 * stopped, without a gap.
 */
export interface AddBackfillItems {
  readonly kind: "addBackfillItems";
  readonly backfillNo: number;
  readonly items: readonly BackfillItem[];
}

/**
 * Moves a backfill, only from one of `from`. `startedAt` is set by the first move to `running`; `endedAt` is set by an end,
 * else cleared; the note is the one given. To `completed` it is refused while an item can be taken or a run is active.
 * One that was neither `running` nor `paused` becomes so only if no other one of the DAG that is has a date of it that is
 * not skipped: the refusal names that one and the first such date.
 */
export interface UpdateBackfill {
  readonly kind: "updateBackfill";
  readonly backfillNo: number;
  readonly from: readonly BackfillState[];
  readonly to: Exclude<BackfillState, "preparing">;
  readonly note: string | null;
  readonly at: number;
}

/** Refused when there is no such backfill, or the limit is less than 1. */
export interface SetBackfillLimit {
  readonly kind: "setBackfillLimit";
  readonly backfillNo: number;
  readonly maxActive: number;
  readonly at: number;
}

/** The item of a backfill that a run is made for. */
export interface BackfillPlace {
  readonly backfillNo: number;
  readonly itemNo: number;
}

/**
 * Has a run that has ended run again for the next item of a `running` backfill: it becomes a backfill run of that backfill,
 * with the item's params and conf where it has some, and is `queued`; the counters move with it. Its task instances are
 * those of the version given, which may be another one: new, `scheduled`, with consecutive numbers behind all others. Instances of
 * tasks that both versions have leave their logs and what their attempts cost to the new ones (of mapped tasks index 0 does);
 * attempts go on being counted, and none made so far counts against the retries (`uncounted` = `attempt`). XComs and reads go.
 * Refused for a run of another DAG or version of one, and for one that does not own its logical date: only scheduled and
 * backfill runs do. A backfill that the run belonged to before keeps its counters as they are from then on.
 */
export interface ReprocessRun extends BackfillPlace {
  readonly kind: "reprocessRun";
  readonly runNo: number;
  readonly versionNo: number;
  readonly at: number;
}

/** Passes the next item of a `running` backfill over. */
export interface SkipBackfillItem extends BackfillPlace {
  readonly kind: "skipBackfillItem";
  /** A sentence for people. */
  readonly reason: string;
}

/**
 * Removes backfills that ended before this instant, with their items, those that ended first first, at most `limit` (and
 * 10,000) of them. Runs stay, and keep the number of what is gone. Answered with `deleted`.
 */
export interface DeleteBackfills {
  readonly kind: "deleteBackfills";
  readonly endedBefore: number;
  readonly limit: number;
}

export type BackfillChange =
  | CreateBackfill
  | AddBackfillItems
  | UpdateBackfill
  | SetBackfillLimit
  | ReprocessRun
  | SkipBackfillItem
  | DeleteBackfills;

export interface BackfillFacet {
  get(backfillNo: number): Promise<BackfillRow | undefined>;
  find(backfillId: string): Promise<BackfillRow | undefined>;
  /** Newest first. */
  list(filter: {
    readonly dagId?: string;
    readonly states?: readonly BackfillState[];
    /** Default 100, at most 10,000. */
    readonly limit?: number;
    /** Only backfills with a smaller number: the last one of the page before. */
    readonly before?: number;
  }): Promise<readonly BackfillRow[]>;
  /**
   * Items by number. With `states` only those whose run is in one of these states, that have no run yet (`pending`), or that
   * get none (`skipped`); this costs as many steps as items are passed over.
   */
  items(query: {
    readonly backfillNo: number;
    /** Only items with a larger number: the last one of the page before. */
    readonly after?: number;
    /** Default 1,000, at most 10,000. */
    readonly limit?: number;
    readonly states?: readonly (RunState | "pending" | "skipped")[];
  }): Promise<readonly BackfillItemRow[]>;
}
