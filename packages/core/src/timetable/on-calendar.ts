import { coreError, messageOf, shown } from "../errors.ts";
import { type Zone, zoneFrom, zoneOf, zoneUntil } from "../time/zone.ts";
import type { Calendar } from "./calendar.ts";
import { isoDay } from "./civil.ts";
import type { InstantSequence } from "./instant-sequence.ts";
import { sequenceTimetable } from "./sequence-timetable.ts";
import type { Timetable } from "./timetable.ts";
import { TimetableOptions } from "./timetable-options.ts";
import { combinable } from "./union.ts";

/** Options of {@link onCalendar}. */
export interface OnCalendarOptions {
  /**
   * What becomes of the time of days that are left out, where runs have data intervals: `joined` (default) to the interval
   * before, which then reaches to the next tick that counts, Friday's over the weekend; or `left_out`: each interval is as long
   * as without the calendar.
   */
  readonly skipped?: "joined" | "left_out";
}

const known = { skipped: true } as const satisfies Record<keyof OnCalendarOptions, true>;
const dayMs = 86_400_000;
/** A calendar that has no day for so long has none any more. */
const mostSkippedDays = 3_653;

/**
 * The ticks of a timetable that fall on days of a calendar; the day is that of the timetable's zone. Where runs have data
 * intervals, the tick is the beginning of the interval. A calendar that has no day for ten years ends the schedule.
 *
 * @throws `TIMETABLE_NOT_COMBINABLE`, `CALENDAR_INVALID`, `DAG_OPTION_INVALID`; when asked for runs, `TIMETABLE_FAILED` if the
 *   calendar throws or answers neither true nor false
 * @example
 * ```ts
 * import { businessDays, cron, onCalendar } from "@millrace/core";
 * const schedule = onCalendar(cron("0 0 * * *"), businessDays({ holidays: ["12-25"] }));
 * console.log(schedule.describe()); // 0 0 * * * on business days but 1 holiday
 * ```
 */
export function onCalendar(timetable: Timetable, calendar: Calendar, options: OnCalendarOptions = {}): Timetable {
  const { sequence, rhythm, timezone } = combinable("onCalendar", timetable);
  if (typeof calendar?.has !== "function") throw coreError("CALENDAR_INVALID", { value: shown(calendar) });
  const read = new TimetableOptions("onCalendar", options, known);
  const skipped = read.oneOf("skipped", options.skipped ?? "joined", ["joined", "left_out"]);
  const kept = keptDays(sequence, calendar, zoneOf(timezone));
  return sequenceTimetable({
    sequence: kept,
    rhythm: rhythm.kind === "interval" && skipped === "left_out" ? { kind: "interval", ends: sequence } : rhythm,
    timezone,
    describe: () => `${timetable.describe()} on ${calendar.describe?.() ?? "days of a calendar"}`,
    ...(timetable.forDag && { forDag: (dag) => onCalendar(timetable.forDag?.(dag) ?? timetable, calendar, options) }),
  });
}

function keptDays(sequence: InstantSequence, calendar: Calendar, zone: Zone): InstantSequence {
  const dayOf = (ms: number): number => Math.floor((ms + zone.spanAt(ms).offset) / dayMs);
  return {
    after(ms) {
      let at = sequence.after(ms);
      for (let skipped = 0; Number.isFinite(at); skipped++) {
        if (skipped > mostSkippedDays) return Number.POSITIVE_INFINITY;
        const day = dayOf(at);
        if (isIn(calendar, day)) return at;
        // The rest of that day is left out at once: it may have many ticks.
        at = sequence.after(Math.max(at, firstInstant((day + 1) * dayMs, at, zone) - 1));
      }
      return at;
    },
    before(ms) {
      let at = sequence.before(ms);
      for (let skipped = 0; Number.isFinite(at); skipped++) {
        if (skipped > mostSkippedDays) return Number.NEGATIVE_INFINITY;
        const day = dayOf(at);
        if (isIn(calendar, day)) return at;
        at = sequence.before(Math.min(at, lastInstant(day * dayMs, at, zone) + 1));
      }
      return at;
    },
    ...(sequence.notesOf && { notesOf: sequence.notesOf }),
  };
}

/** @throws `TIMETABLE_FAILED`: the calendar is somebody else's code */
function isIn(calendar: Calendar, day: number): boolean {
  const date = isoDay(day);
  let answer: unknown;
  try {
    answer = calendar.has(date);
  } catch (error) {
    throw failed(`its calendar threw when it was asked for ${date}: ${messageOf(error)}`, error);
  }
  if (typeof answer === "boolean") return answer;
  throw failed(`its calendar answered ${shown(answer)} when it was asked for ${date}, and neither true nor false`);
}

function failed(why: string, cause?: unknown) {
  const options = cause === undefined ? {} : { cause };
  return coreError("TIMETABLE_FAILED", { timetable: "on a calendar", why }, options);
}

/** The first instant from this one on at which the clock shows this local time or a later one. */
function firstInstant(local: number, from: number, zone: Zone): number {
  let span = zone.spanAt(from);
  while (local - span.offset >= span.until && span.until < zoneUntil) span = zone.spanAt(span.until);
  return Math.max(local - span.offset, span.from);
}

/** The last instant up to this one at which the clock shows a time before this local time. */
function lastInstant(local: number, upTo: number, zone: Zone): number {
  let span = zone.spanAt(upTo);
  while (local - span.offset <= span.from && span.from > zoneFrom) span = zone.spanAt(span.from - 1);
  return Math.min(local - span.offset, span.until) - 1;
}
