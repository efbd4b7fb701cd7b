import type { Tick, Ticks } from "@millrace/core/engine";
import { coreError } from "@millrace/core/plugin";
import { dayMs } from "../dates/local-days.ts";
import { backfillError } from "../errors.ts";

/** More dates than this are refused: a schedule by the second fills a year with 31 million. */
const mostIntervals = 1_000_000;

/** Data intervals, ascending, in numbers. */
export interface Intervals {
  readonly count: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

export interface IntervalsQuery {
  readonly dagId: string;
  readonly ticks: Ticks;
  /** First and last instant that a logical date may have. */
  readonly from: number;
  readonly to: number;
  /** An instant at which an interval of the schedule begins, as far as it counts from one. */
  readonly startDate: number | undefined;
  readonly now: number;
}

/**
 * The intervals of a schedule whose logical date lies in a range and that have ended.
 *
 * @throws `BACKFILL_TOO_LARGE`, `TIMETABLE_FAILED`
 */
export function intervalsOf(query: IntervalsQuery): Intervals {
  const { startDate, from } = query;
  const list = new IntervalList(query.dagId);
  if (startDate === undefined || !countsFromItsStart(query)) walk(query, from, Number.POSITIVE_INFINITY, list);
  else {
    // Before the start date the same steps are made, so that they arrive there.
    const first = from < startDate ? alignedFrom(query, startDate) : firstFrom(query, startDate);
    walk(query, first, from < startDate ? startDate : Number.POSITIVE_INFINITY, list);
    if (from < startDate) walk(query, startDate, Number.POSITIVE_INFINITY, list);
  }
  return list;
}

class IntervalList implements Intervals {
  readonly #dagId: string;
  count = 0;
  starts = new Float64Array(1_024);
  ends = new Float64Array(1_024);

  constructor(dagId: string) {
    this.#dagId = dagId;
  }

  add(start: number, end: number): void {
    if (this.count === mostIntervals)
      throw backfillError("BACKFILL_TOO_LARGE", { dagId: this.#dagId, limit: mostIntervals });
    if (this.count === this.starts.length) {
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
    }
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }
}

function grown(list: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(list.length * 2);
  larger.set(list);
  return larger;
}

/** Intervals from `earliest` on that begin before `until` and do not reach beyond it. */
function walk({ ticks, from, to, now }: IntervalsQuery, earliest: number, until: number, list: IntervalList): void {
  let last: Tick | null = null;
  for (;;) {
    const tick = next(ticks, earliest, to, now, last);
    if (!tick || tick.start > to || tick.start >= until || tick.end > until) return;
    if (Math.max(tick.end, tick.runAfter) > now) return;
    if (tick.start >= from) list.add(tick.start, tick.end);
    last = tick;
  }
}

function next(ticks: Ticks, earliest: number, latest: number | null, now: number, last: Tick | null): Tick | null {
  const lastStart = last?.start ?? null;
  const tick = ticks({ lastStart, lastEnd: last?.end ?? null, earliest, latest, catchup: true, now });
  if (tick && lastStart !== null && tick.start <= lastStart) {
    const why = `after ${new Date(lastStart).toISOString()} it answered ${new Date(tick.start).toISOString()}`;
    throw coreError("TIMETABLE_FAILED", { timetable: "of the DAG", why });
  }
  return tick;
}

/** True for schedules such as `every("6h")`, whose first interval begins wherever the start date is. */
function countsFromItsStart({ ticks, from, to, now }: IntervalsQuery): boolean {
  const odd = from + 1;
  return next(ticks, odd, Math.max(to, odd), now, null)?.start === odd;
}

/** Steps that follow the calendar are a week or more, less an hour for a change of the clocks. */
const leastCalendarStepMs = 7 * dayMs - 3_600_000;

function firstFrom(query: IntervalsQuery, startDate: number): number {
  const step = stepAt(query, startDate);
  // Long steps are walked: they are few, and may be of the calendar.
  if (step >= leastCalendarStepMs || step <= 0) return startDate;
  return startDate + Math.floor((query.from - startDate) / step) * step;
}

function alignedFrom(query: IntervalsQuery, startDate: number): number {
  const { ticks, from, now } = query;
  const step = stepAt(query, from);
  if (step <= 0) return from;
  if (step >= leastCalendarStepMs) {
    for (let last = next(ticks, from, null, now, null); last && last.start < startDate; ) {
      if (last.end - last.start !== step) return from;
      last = next(ticks, from, null, now, last);
    }
  }
  return from + ((startDate - from) % step);
}

function stepAt({ ticks, now }: IntervalsQuery, from: number): number {
  const tick = next(ticks, from, null, now, null);
  return tick ? tick.end - tick.start : 0;
}
