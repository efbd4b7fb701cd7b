import type { Dag, InstantInput } from "@millrace/core";
import { formatInstant, parseInstant } from "@millrace/core/engine";
import { isMillraceError, shown } from "@millrace/core/plugin";
import type { DateSelector } from "../dates/date-selector.ts";
import { dateOfDay, dayOfDate } from "../dates/local-days.ts";
import { backfillError } from "../errors.ts";
import type { BackfillPlan, ExistingRun, PastRun } from "./planned-run.ts";
import type { PerRun } from "./run-settings.ts";

/** Which dates are filled, and how. */
export interface BackfillSpec {
  /** First logical date. A bare date is midnight in the DAG's time zone. May precede the DAG's start date. */
  readonly from: InstantInput;
  /** Last logical date, included; a bare date includes that day. */
  readonly to: InstantInput;
  /** Which runs are run again: none (default), those that failed or were cancelled, or all that have ended. */
  readonly reprocess?: BackfillPlan["reprocess"];
  /** Default `forward`: the oldest date first. */
  readonly order?: BackfillPlan["order"];
  /** Dates that are left out; those of any selector. */
  readonly skip?: readonly DateSelector[];
  /** Only dates of one of these. `skip` goes before. */
  readonly only?: readonly DateSelector[];
  /** Checked against the DAG's schema: the same for all runs, or a pure function that makes them for each. */
  readonly params?: PerRun;
  /** Free-form settings that tasks see as `conf`: the same for all runs, or a pure function that makes them for each. */
  readonly conf?: PerRun;
}

/** Everything that a plan depends on. */
export interface PlanBackfillOptions extends BackfillSpec {
  /** Scheduled and backfill runs of the DAG in the range, in any order. Default: none. */
  readonly existing?: Iterable<ExistingRun>;
  /** Only intervals that have ended by then count. Milliseconds since the epoch, or an instant. */
  readonly now: number | InstantInput;
  /** Runs that have ended, for the estimate; at most the first 1,000 count. */
  readonly history?: Iterable<PastRun>;
  /** So many runs at once, for the estimate. Default 10, and never more than the DAG's `maxActiveRuns`. */
  readonly maxActive?: number;
  /**
   * The DAG's start date in milliseconds, where that is relative (`-30d`) and so known to the store only. Intervals of
   * schedules such as `every("6h")` are counted from it.
   */
  readonly startDate?: number | null;
}

/** A range in milliseconds, both ends included. */
export interface DateRange {
  readonly from: number;
  readonly to: number;
}

/** @throws `BACKFILL_RANGE_INVALID`, `INSTANT_INVALID` */
export function parseRange({ id: dagId, timezone }: Dag, { from, to }: BackfillSpec, now: number): DateRange {
  const range = { from: parseInstant(from, timezone), to: lastOf(to, timezone) };
  const invalid = (why: string) =>
    backfillError("BACKFILL_RANGE_INVALID", { dagId, from: shownRangeEnd(from), to: shownRangeEnd(to), why });
  if (range.from > range.to) throw invalid("it ends before it begins");
  if (range.from > now) throw invalid(`it lies in the future: it is ${formatInstant(now)}`);
  return range;
}

/** The last millisecond of a bare date; any other instant itself. */
function lastOf(to: InstantInput, timezone: string): number {
  const day = typeof to === "string" ? dayOfDate(to) : Number.NaN;
  return Number.isNaN(day) ? parseInstant(to, timezone) : parseInstant(dateOfDay(day + 1), timezone) - 1;
}

function shownRangeEnd(end: InstantInput): string {
  return typeof end === "string" ? end.slice(0, 100) : formatInstant(end.epochMilliseconds);
}

/** @throws `BACKFILL_OPTION_INVALID` */
export function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw optionInvalid(option, value, `one of ${allowed.join(", ")} is needed`);
}

/** @throws `BACKFILL_OPTION_INVALID` */
export function wholeNumber(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw optionInvalid(option, value, "a whole number of at least 1 is needed");
}

/** @throws `BACKFILL_OPTION_INVALID` */
export function parseNow(now: number | InstantInput, option = "now"): number {
  try {
    const ms = typeof now === "number" ? now : parseInstant(now, "UTC");
    if (Number.isFinite(ms)) return ms;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
  }
  throw optionInvalid(option, now, "an instant is needed");
}

function optionInvalid(option: string, value: unknown, expected: string) {
  return backfillError("BACKFILL_OPTION_INVALID", { option, value: shown(value), expected });
}
