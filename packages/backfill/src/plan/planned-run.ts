import type { DataInterval, RunState } from "@millrace/core";

type Instant = DataInterval["start"];

/** What becomes of a date: a run is made, the one that is there is run again, or it is left as it is. */
export type BackfillAction = "create" | "reprocess" | "skip";

/** A date of a schedule, as predicates and functions for params are given it. */
export interface BackfillDate {
  readonly logicalDate: Instant;
  readonly interval: DataInterval;
  /** The local date of the logical date in the DAG's time zone, for example `2026-01-31`. */
  readonly localDate: string;
}

/** A date of a plan, and what becomes of it. */
export interface PlannedRun extends BackfillDate {
  readonly action: BackfillAction;
  /** One sentence: why. */
  readonly reason: string;
  /** As the run gets them; not there for dates that are skipped, and when none were given. */
  readonly params?: unknown;
  readonly conf?: Readonly<Record<string, unknown>>;
}

/** Like an array, but its elements are made when they are looked at: ten years of hours take two megabytes. */
export interface PlannedRuns extends Iterable<PlannedRun> {
  readonly length: number;
  /** A negative index counts from the end. */
  at(index: number): PlannedRun | undefined;
}

/** A run that owns its date: what `store.runs.ofDates` gives fits. */
export interface ExistingRun {
  /** Milliseconds since the epoch, or an instant. */
  readonly logicalDate: number | string | Instant;
  readonly state: RunState;
}

/** A run that has ended, for the estimate: rows of the store fit. Milliseconds since the epoch. */
export interface PastRun {
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** How long it may take. */
export interface BackfillEstimate {
  /** Runs that are made or run again. */
  readonly runs: number;
  /** So many at once. */
  readonly atOnce: number;
  /** How long a run took on average, in milliseconds. */
  readonly runMs: number;
  /** `ceil(runs / atOnce) × runMs`, in milliseconds. */
  readonly totalMs: number;
  /** So many runs of the past were looked at. */
  readonly basedOn: number;
}

export interface BackfillCounts {
  readonly total: number;
  readonly create: number;
  readonly reprocess: number;
  readonly skip: number;
}

/** What a backfill would do, date by date. */
export interface BackfillPlan {
  readonly dagId: string;
  readonly reprocess: "none" | "failed" | "completed";
  readonly order: "forward" | "backward";
  /** In the order in which they are started. */
  readonly runs: PlannedRuns;
  readonly counts: BackfillCounts;
  /** 16 hexadecimal digits. Two plans with the same digest do the same to the same dates, in the same order, with the same params and conf. */
  readonly digest: string;
  /** `null` when nothing is to be done, or no run of the past tells how long one takes. */
  readonly estimate: BackfillEstimate | null;
}
