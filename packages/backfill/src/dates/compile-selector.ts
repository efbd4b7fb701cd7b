import { cronTrigger, type Timetable } from "@millrace/core";
import { ticksOf } from "@millrace/core/engine";
import { isMillraceError, messageOf, shown } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import type { BackfillDate } from "../plan/planned-run.ts";
import type { DateSelector } from "./date-selector.ts";
import { type DaySpan, daysOfIcs } from "./ics-days.ts";
import { dateOfDay, dayOfDate, weekdayOf } from "./local-days.ts";
import { parseWeekdays } from "./weekdays.ts";

/** A selector that can be asked. */
export interface CompiledSelector {
  /** For people, in a sentence that begins with "it is". */
  readonly says: string;
  /** Asked once for each local day, if the time of day does not matter. */
  readonly hasDay?: (day: number) => boolean;
  readonly hasRun?: (logicalDate: number, date: () => BackfillDate) => boolean;
}

/** What a selector is compiled for. */
export interface SelectorSurroundings extends DaySpan {
  readonly timezone: string;
}

const mostDates = 100_000;
/** As far from 1970 as a date can be. */
const furthestMs = 8.64e15;

/**
 * Makes a selector ready to be asked about the dates of one plan.
 *
 * @throws `BACKFILL_DATES_INVALID`, `BACKFILL_CALENDAR_INVALID`, `CRON_INVALID`
 */
export function compileSelector(selector: DateSelector, around: SelectorSurroundings): CompiledSelector {
  if (typeof selector === "string") return ofText(selector, around);
  if (typeof selector === "function")
    return { says: `what ${selector.name || "a function"} chooses`, hasRun: (_, date) => asked(selector, date()) };
  if (typeof selector !== "object" || selector === null) throw invalid(selector, "it is no selector of dates");
  if ("dates" in selector) {
    const days = listedDays(selector.dates);
    return { says: `in ${selector.name ?? "the list of dates"}`, hasDay: (day) => days.has(day) };
  }
  if ("ics" in selector) {
    if (typeof selector.ics !== "string") throw invalid(selector, "ics is the text of a calendar");
    const days = daysOfIcs(selector.ics, around);
    return { says: `in ${selector.name ?? "the calendar"}`, hasDay: (day) => days.has(day) };
  }
  if ("next" in selector) return ofTimetable(selector, `a time of '${selector.describe()}'`, around);
  if ("has" in selector && typeof selector.has === "function")
    return {
      says: `one of ${selector.describe?.() ?? "the calendar"}`,
      hasDay: (day) => selector.has(dateOfDay(day)) === true,
    };
  throw invalid(selector, "it is no selector of dates");
}

function ofText(text: string, around: SelectorSurroundings): CompiledSelector {
  if (text.startsWith("cron:")) return ofTimetable(cronTrigger(text.slice(5).trim()), `a time of '${text}'`, around);
  const range = /^(\d{4}-\d{2}-\d{2})?\.\.(\d{4}-\d{2}-\d{2})?$/.exec(text);
  if (range && text !== "..") {
    const [first, last] = [
      dayOrEnd(text, range[1], Number.NEGATIVE_INFINITY),
      dayOrEnd(text, range[2], Number.POSITIVE_INFINITY),
    ];
    if (first > last) throw invalid(text, "it ends before it begins");
    return { says: `in ${text}`, hasDay: (day) => day >= first && day <= last };
  }
  const weekdays = parseWeekdays(text);
  if (weekdays) return { says: `one of ${text}`, hasDay: (day) => weekdays.has(weekdayOf(day)) };
  const only = dayOfDate(text);
  if (Number.isNaN(only)) throw invalid(text, "it is neither a date, a range nor a weekday");
  return { says: text, hasDay: (day) => day === only };
}

function dayOrEnd(text: string, date: string | undefined, open: number): number {
  if (date === undefined) return open;
  const day = dayOfDate(date);
  if (Number.isNaN(day)) throw invalid(text, `there is no ${date}`);
  return day;
}

function ofTimetable(timetable: Timetable, says: string, { timezone }: SelectorSurroundings): CompiledSelector {
  const ticks = ticksOf(timetable.forDag?.({ id: "selector", timezone }) ?? timetable);
  const now = furthestMs;
  // The first interval from this instant on, and none after it: there is one only if it begins right there.
  const hasRun = (at: number): boolean =>
    ticks({ lastStart: null, lastEnd: null, earliest: at, latest: at, catchup: true, now })?.start === at;
  return { says, hasRun };
}

function listedDays(dates: readonly string[]): ReadonlySet<number> {
  if (!Array.isArray(dates) || dates.length > mostDates)
    throw invalid(dates, `a list of at most ${mostDates} dates is needed`);
  return new Set(
    dates.map((date) => {
      const day = typeof date === "string" ? dayOfDate(date) : Number.NaN;
      if (Number.isNaN(day)) throw invalid(date, "it is no date");
      return day;
    }),
  );
}

function asked(choose: (date: BackfillDate) => boolean, date: BackfillDate): boolean {
  let answer: unknown;
  try {
    answer = choose(date);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw invalid(choose, `for ${date.localDate} it threw: ${messageOf(error)}`);
  }
  if (typeof answer !== "boolean")
    throw invalid(choose, `for ${date.localDate} it answered ${shown(answer)} instead of true or false`);
  return answer;
}

function invalid(value: unknown, why: string) {
  return backfillError("BACKFILL_DATES_INVALID", { value: shown(value), why });
}
