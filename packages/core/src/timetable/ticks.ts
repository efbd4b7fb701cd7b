import { coreError, isMillraceError, messageOf } from "../errors.ts";
import { type Instant, instantOf } from "../time/temporal.ts";
import type { DataInterval, Timetable, TimetableQuery } from "./timetable.ts";

/** What a timetable is asked, in whole milliseconds since the epoch: what the scheduler and planners work with. */
export interface TickQuery {
  /** Interval of the newest run; both are `null` when there is none. */
  readonly lastStart: number | null;
  readonly lastEnd: number | null;
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly catchup: boolean;
  readonly now: number;
}

/** The next run: its data interval, and from when it may exist. Milliseconds since the epoch. */
export interface Tick {
  readonly start: number;
  readonly end: number;
  readonly runAfter: number;
}

/** The question of a timetable, without objects for instants. */
export type Ticks = (query: TickQuery) => Tick | null;

/** On timetables that answer in milliseconds by themselves. */
const ownTicks = Symbol.for("millrace.timetable.ticks");

/** Everything of a timetable but its question. */
export type TimetableFacts = Omit<Timetable, "next">;

/** A timetable that answers in milliseconds; `next` is made of that. */
export function timetableOf(ticks: Ticks, facts: TimetableFacts): Timetable {
  const next = ({ lastInterval, earliest, latest, catchup, now }: TimetableQuery) => {
    const tick = ticks({
      lastStart: lastInterval?.start.epochMilliseconds ?? null,
      lastEnd: lastInterval?.end.epochMilliseconds ?? null,
      earliest: earliest?.epochMilliseconds ?? null,
      latest: latest?.epochMilliseconds ?? null,
      catchup,
      now: now.epochMilliseconds,
    });
    return tick && { interval: intervalOf(tick.start, tick.end), runAfter: instantOf(tick.runAfter) };
  };
  return Object.freeze({ ...facts, next, [ownTicks]: ticks });
}

/**
 * How a timetable is asked in milliseconds. One that an author wrote is asked with instants, and what it answers is checked.
 *
 * @throws when asked: `TIMETABLE_FAILED`, if an own timetable throws or answers what is no interval
 */
export function ticksOf(timetable: Timetable): Ticks {
  return (timetable as { readonly [ownTicks]?: Ticks })[ownTicks] ?? ((query) => askChecked(timetable, query));
}

/** The data interval between two milliseconds. */
export function intervalOf(start: number, end: number): DataInterval {
  return { start: instantOf(start), end: instantOf(end) };
}

function askChecked(timetable: Timetable, query: TickQuery): Tick | null {
  const { lastStart, lastEnd, earliest, latest, catchup, now } = query;
  const failed = (why: string, cause?: unknown) =>
    coreError("TIMETABLE_FAILED", { timetable: nameOf(timetable), why }, cause === undefined ? {} : { cause });
  let answer: ReturnType<Timetable["next"]>;
  try {
    answer = timetable.next({
      lastInterval: lastStart === null || lastEnd === null ? null : intervalOf(lastStart, lastEnd),
      earliest: instantOrNull(earliest),
      latest: instantOrNull(latest),
      catchup,
      now: instantOf(now),
    });
  } catch (error) {
    throw failed(isMillraceError(error) ? `${error.code}: ${error.message}` : `it threw: ${messageOf(error)}`, error);
  }
  if (answer === null) return null;
  const tick = {
    start: msOf(answer?.interval?.start),
    end: msOf(answer?.interval?.end),
    runAfter: msOf(answer?.runAfter),
  };
  if (!Object.values(tick).every(Number.isFinite))
    throw failed("it answered neither null nor { interval: { start, end }, runAfter } with instants");
  if (tick.end < tick.start) throw failed("it answered an interval that ends before it starts");
  return tick;
}

function instantOrNull(ms: number | null): Instant | null {
  return ms === null ? null : instantOf(ms);
}

function msOf(value: Instant | undefined): number {
  const ms = value?.epochMilliseconds;
  return typeof ms === "number" ? ms : Number.NaN;
}

/** What a timetable says of itself. Never throws, as an author's own might. */
export function nameOf(timetable: Timetable): string {
  try {
    return timetable.describe().slice(0, 200);
  } catch {
    return "(it cannot describe itself)";
  }
}
