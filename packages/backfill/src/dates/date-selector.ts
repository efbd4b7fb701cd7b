import type { Timetable } from "@millrace/core";
import type { BackfillDate } from "../plan/planned-run.ts";

/** A calendar: says of local dates such as `2026-12-25` whether they are in it. A `Set` of dates is one, and what `businessDays` of core gives. */
export interface DateCalendar {
  has(date: string): boolean;
  /** For people, for example `business days`. */
  describe?(): string;
}

/**
 * Which dates of a backfill are meant. Dates are those of the logical date in the DAG's time zone.
 *
 * - text: `2026-01-31`, `2026-01-01..2026-01-31` (both included, either may be left out), `sat`, `mon-fri`, `weekdays`,
 *   `weekends`, `cron:0 6 * * *` (the logical date is such a time)
 * - `{ dates }`: a list of dates; `name` is shown to people
 * - `{ ics }`: the text of an iCalendar file; every date on which one of its events takes place
 * - an object with `has(date)`; a timetable, whose intervals begin at the logical date; a function
 */
export type DateSelector =
  | string
  | { readonly dates: readonly string[]; readonly name?: string }
  | { readonly ics: string; readonly name?: string }
  | DateCalendar
  | Timetable
  | ((date: BackfillDate) => boolean);

/** Selectors that are plain data, as another process can send them. */
export type PlainDateSelector = Extract<DateSelector, string | { readonly dates: unknown } | { readonly ics: unknown }>;
