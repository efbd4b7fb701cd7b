import type { DurationInput } from "../time/duration.ts";
import { type InstantInput, parseInstant } from "../time/instant.ts";
import { type CalendarPeriod, parsePeriod } from "./period.ts";
import { periodTimetable } from "./period-timetable.ts";
import type { Timetable } from "./timetable.ts";
import { TimetableOptions } from "./timetable-options.ts";

/** Options of {@link every}. */
export interface EveryOptions {
  /**
   * One of the instants: all others are a whole number of periods away from it. Default: each period begins where the one
   * before ended, the first at the start date; a month after 31 January is then 28 February, and all that follow are on the 28th.
   * With an anchor on 31 January the ends of months stay the ends of months.
   */
  readonly anchor?: InstantInput;
  /** IANA name of the zone in whose calendar months and years are counted. Default: the DAG's `timezone`. */
  readonly timezone?: string;
}

/** Options of {@link everyTrigger}. */
export interface EveryTriggerOptions extends EveryOptions {
  /** The data interval of a run: so long, and it ends when the run is due. Default: no width. */
  readonly interval?: DurationInput;
}

const known = { anchor: true, timezone: true } as const satisfies Record<keyof EveryOptions, true>;
const knownOfTrigger = { ...known, interval: true } as const satisfies Record<keyof EveryTriggerOptions, true>;

/**
 * Runs about one period after the other, each due at its end. A duration is a fixed time whatever the clocks do; years, months
 * and weeks are counted in the calendar of a time zone.
 *
 * @throws `DURATION_INVALID`, `PERIOD_INVALID`, `INSTANT_INVALID`, `TIMEZONE_INVALID`, `DAG_OPTION_INVALID`
 * @example
 * ```ts
 * import { every } from "@millrace/core";
 * console.log(every("6h").describe(), every({ months: 1 }, { anchor: "2026-01-31" }).describe());
 * ```
 */
export function every(period: DurationInput | CalendarPeriod, options: EveryOptions = {}): Timetable {
  const parsed = parsePeriod(period);
  const read = new TimetableOptions(`every '${parsed.description}'`, options, known);
  return periodTimetable({ period: parsed, ...placesOf(read, options), rhythm: { kind: "interval" } });
}

/**
 * Runs that are due once in each period, about the instant itself or a fixed time before it. The first is due at the start
 * date, or at once without one.
 *
 * @throws as {@link every}
 * @example
 * ```ts
 * import { everyTrigger } from "@millrace/core";
 * console.log(everyTrigger("15m", { interval: "1h" }).describe()); // at every 15 min (interval 1 h)
 * ```
 */
export function everyTrigger(period: DurationInput | CalendarPeriod, options: EveryTriggerOptions = {}): Timetable {
  const parsed = parsePeriod(period);
  const read = new TimetableOptions(`every '${parsed.description}'`, options, knownOfTrigger);
  const rhythm = read.trigger({ interval: options.interval });
  return periodTimetable({ period: parsed, ...placesOf(read, options), rhythm });
}

function placesOf(read: TimetableOptions, { anchor, timezone }: EveryOptions) {
  if (anchor !== undefined) parseInstant(anchor, "UTC");
  return { anchor, timezone: read.timezone(timezone) };
}
