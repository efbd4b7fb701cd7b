import type { Instant } from "../time/temporal.ts";

/** A stretch of time that a run is about: from `start` (included) to `end` (excluded). */
export interface DataInterval {
  readonly start: Instant;
  readonly end: Instant;
}

/** What a timetable is asked. */
export interface TimetableQuery {
  /** Interval of the newest run, if there is one. */
  readonly lastInterval: DataInterval | null;
  /** No interval may start before this. */
  readonly earliest: Instant | null;
  /** No interval may start after this. */
  readonly latest: Instant | null;
  /** Whether intervals that were missed are wanted too. */
  readonly catchup: boolean;
  readonly now: Instant;
}

/** The next run: what it is about, and from when it may exist. */
export interface TimetableAnswer {
  readonly interval: DataInterval;
  readonly runAfter: Instant;
}

/** What a timetable may have to know of the DAG that it is the schedule of. */
export interface TimetableDag {
  readonly id: string;
  /** The DAG's `timezone`. */
  readonly timezone: string;
}

/** When runs are due. Pure: the same question has the same answer. */
export interface Timetable {
  /** The next run, or `null` when there is none any more. */
  next(query: TimetableQuery): TimetableAnswer | null;
  /** For people, for example `every 1 h`. */
  describe(): string;
  /** At most so many of its runs may be unfinished at once, however many the DAG allows: 1 where each begins when the last has ended. */
  readonly maxActiveRuns?: number;
  /** The interval that goes with a run asked for at this time, by the schedule: for most the last one that is complete. */
  manual?(at: Instant): DataInterval;
  /** Runs that are asked for get the interval of `manual`. Default false: they are about their own instant. */
  readonly restrictsManual?: boolean;
  /** Whether it has runs again and again, at times known beforehand: only such a DAG can be backfilled. Default true. */
  readonly isPeriodic?: boolean;
  /** The time zone whose clocks it goes by. Default: it goes by none. */
  readonly timezone?: string;
  /** The same timetable for this DAG; called once, when the DAG is defined. Default: it is the same for all. */
  forDag?(dag: TimetableDag): Timetable;
}
