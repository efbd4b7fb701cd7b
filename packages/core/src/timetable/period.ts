import { coreError, shown } from "../errors.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import { Temporal, type TemporalDuration } from "../time/temporal.ts";

/** A period of the calendar: as long as the months and years that it spans. */
export interface CalendarPeriod {
  readonly years?: number;
  readonly months?: number;
  readonly weeks?: number;
  readonly days?: number;
}

/** A time between two runs: always as long, or counted in the calendar of a time zone. */
export interface Period {
  readonly description: string;
  /** So many periods after an instant; before it with a negative number. */
  plus(ms: number, count: number, timezone: string): number;
  /**
   * Goes from an instant on, one period at a time, to the last step that is not after another instant, and tells the step
   * before it too; both are the first instant if it goes no step. Without a first one: the steps of fixed periods since 1970,
   * and of the calendar those that end now.
   */
  stepsUpTo(ms: number, from: number | null, timezone: string): { readonly last: number; readonly before: number };
}

const calendarParts = ["years", "months", "weeks", "days"] as const;

/**
 * Reads a period. With years, months or weeks it is counted in the calendar; any other is a fixed time, whatever the clocks do.
 *
 * @throws `DURATION_INVALID` for what is no duration, or negative; `PERIOD_INVALID` for one that is too short or has both
 * parts of the calendar and parts of a day
 */
export function parsePeriod(value: DurationInput | CalendarPeriod): Period {
  const calendar = calendarPartsOf(value);
  if (calendar) return calendarPeriod(value, calendar);
  const ms = parseDuration(value as DurationInput);
  if (!Number.isSafeInteger(ms) || ms < 1)
    throw coreError("PERIOD_INVALID", {
      value: shown(value),
      why: "at least a millisecond, without fractions, is needed",
    });
  return {
    description: exactDuration(ms),
    plus: (from, count) => from + count * ms,
    stepsUpTo(until, from) {
      if (from === null) {
        const last = Math.floor(until / ms) * ms;
        return { last, before: last - ms };
      }
      const count = Math.max(0, Math.floor((until - from) / ms));
      return { last: from + count * ms, before: from + Math.max(0, count - 1) * ms };
    },
  };
}

/** The value as parts of a calendar, if it has years, months or weeks. */
function calendarPartsOf(value: unknown): TemporalDuration | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  if (!["years", "months", "weeks"].some((part) => given[part] !== undefined && given[part] !== 0)) return undefined;
  try {
    return Temporal.Duration.from(value as TemporalDuration);
  } catch (error) {
    throw coreError("DURATION_INVALID", { value: shown(value) }, { cause: error });
  }
}

function calendarPeriod(value: unknown, duration: TemporalDuration): Period {
  if (duration.sign < 0) throw coreError("DURATION_INVALID", { value: shown(value) });
  const { years, months, weeks, days } = duration;
  if (!duration.with({ years: 0, months: 0, weeks: 0, days: 0 }).blank)
    throw coreError("PERIOD_INVALID", {
      value: shown(value),
      why: "a period of the calendar has years, months, weeks and days, and nothing shorter",
    });
  const parts = { years, months, weeks, days };
  const plus: Period["plus"] = (from, count, timezone) => {
    const all = { years: years * count, months: months * count, weeks: weeks * count, days: days * count };
    const start = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timezone);
    return start.add(Temporal.Duration.from(all)).epochMilliseconds;
  };
  return {
    description: calendarParts.flatMap((part) => (parts[part] === 0 ? [] : [counted(parts[part], part)])).join(" "),
    plus,
    stepsUpTo(until, from, timezone) {
      if (from === null) return { last: until, before: plus(until, -1, timezone) };
      let [before, last] = [from, from];
      for (let next = plus(from, 1, timezone); next <= until; next = plus(next, 1, timezone))
        [before, last] = [last, next];
      return { last, before };
    },
  };
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** A duration of whole milliseconds, exactly: `6 h`, `1 d 30 min`. */
export function exactDuration(ms: number): string {
  let rest = ms;
  const texts: string[] = [];
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    if (count > 0) texts.push(`${count} ${unit}`);
    rest -= count * length;
  }
  return texts.join(" ");
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit.slice(0, -1)}` : `${count} ${unit}`;
}
