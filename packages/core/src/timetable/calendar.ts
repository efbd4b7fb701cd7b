import { coreError, shown } from "../errors.ts";
import { civilDay, dayNumber, daysIn } from "./civil.ts";

/** Which days count. Pure: a day counts or does not. A `Set` of ISO dates is one. */
export interface Calendar {
  /** @param date - ISO text such as `2026-12-24` */
  has(date: string): boolean;
  /** For people, for example `business days`. */
  describe?(): string;
}

/** Options of {@link businessDays}. */
export interface BusinessDaysOptions {
  /** Dates that are none: ISO text such as `2026-04-03`, or without a year such as `12-25` for every year. */
  readonly holidays?: readonly string[];
  /** Days of the week that are none, from 1 (Monday) to 7 (Sunday). Default 6 and 7. */
  readonly weekend?: readonly number[];
}

/**
 * The days on which people work: not on weekends, not on holidays.
 *
 * @throws `CALENDAR_INVALID`
 * @example
 * ```ts
 * import { businessDays } from "@millrace/core";
 * const days = businessDays({ holidays: ["12-25", "2026-04-03"] });
 * console.log(days.has("2026-12-25"), days.has("2026-12-28")); // false true
 * ```
 */
export function businessDays({ holidays = [], weekend = [6, 7] }: BusinessDaysOptions = {}): Calendar {
  if (!Array.isArray(holidays)) throw coreError("CALENDAR_INVALID", { value: shown(holidays) });
  if (!Array.isArray(weekend) || new Set(weekend.filter(isWeekday)).size !== weekend.length || weekend.length > 6)
    throw coreError("CALENDAR_INVALID", { value: shown(weekend) });
  const off = new Set(holidays.map(checkHoliday));
  const free = new Set(weekend);
  return Object.freeze({
    has(date: string) {
      if (off.has(date) || off.has(date.slice(-5))) return false;
      const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
      return !free.has(weekday === 0 ? 7 : weekday);
    },
    describe: () => `business days${off.size === 0 ? "" : ` but ${off.size} holiday${off.size === 1 ? "" : "s"}`}`,
  });
}

function isWeekday(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 7;
}

function checkHoliday(value: unknown): string {
  const [, year = "2024", month, day] =
    (typeof value === "string" && /^(?:(\d{4})-)?(\d{2})-(\d{2})$/.exec(value)) || [];
  const number = dayNumber(Number(year), Number(month), Number(day));
  const back = civilDay(number);
  if (month === undefined || back.month !== Number(month) || Number(day) > daysIn(back.year, back.month))
    throw coreError("CALENDAR_INVALID", { value: shown(value) });
  return value as string;
}
