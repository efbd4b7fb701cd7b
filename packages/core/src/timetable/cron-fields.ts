import { CronPattern } from "croner";
import { coreError, messageOf, shown } from "../errors.ts";
import { dayNumber, daysIn, weekdayOf } from "./civil.ts";

/** Which local times a cron expression means, as tables that are read instead of searched. */
export interface CronFields {
  readonly expression: string;
  /** Seconds, minutes, hours that are meant: 1 or 0 for each. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Bit m - 1 for month m. */
  readonly months: number;
  /** `undefined`: every year. */
  readonly years: ReadonlySet<number> | undefined;
  /** Bit d - 1 for each day meant in a month of so many days that begins on this weekday (0 is Sunday). */
  daysOfMonth(length: number, firstWeekday: number): number;
  /** Every hour of the day. */
  readonly coversEveryHour: boolean;
  /** The hour field has a `*` or a step. */
  readonly hasSteppedHours: boolean;
}

const presets: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const others: Readonly<Record<string, string>> = {
  "@once": "once()",
  "@continuous": "continuous()",
  "@none": "null",
};
const longestExpression = 1_000;

/** What a preset such as `@daily` stands for; anything else as it is. */
export function withoutPreset(expression: string): string {
  return presets[expression.trim().toLowerCase()] ?? expression;
}

/**
 * Reads an expression of five to seven fields, or a preset. croner decides what is one and what its fields mean.
 *
 * @throws `CRON_INVALID`, and `CRON_NEVER` for one that no date fits
 */
export function parseCron(expression: string): CronFields {
  const invalid = (why: string, cause?: unknown) =>
    coreError("CRON_INVALID", { value: shown(expression), why }, cause === undefined ? {} : { cause });
  if (typeof expression !== "string") throw invalid("text is needed");
  if (expression.length > longestExpression) throw invalid(`it has more than ${longestExpression} characters`);
  const instead = others[expression.trim().toLowerCase()];
  if (instead !== undefined) throw invalid(`the schedule for that is ${instead}`);
  const plain = withoutPreset(expression);
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(plain);
  } catch (error) {
    throw invalid(whyRefused(messageOf(error)), error);
  }
  const fields = fieldsOf(expression.trim(), pattern, hourField(plain));
  if (!isEverMeant(fields)) throw coreError("CRON_NEVER", { value: shown(expression), where: "" });
  return fields;
}

/** What croner says, with values as they were written: it counts days and months from 0. */
function whyRefused(message: string): string {
  const plain = message.replace(/^CronPattern: /, "");
  const [, field, value] = /^Invalid value for (\w+): (-?\d+)/.exec(plain) ?? [];
  if (field === undefined) return plain;
  const isCountedFromOne = field === "month" || field === "day" || field === "nearestWeekdays";
  const name = field === "nearestWeekdays" ? "day" : field === "dayOfWeek" ? "weekday" : field;
  return `the ${name} ${Number(value) + (isCountedFromOne ? 1 : 0)} is out of range`;
}

function hourField(plain: string): string {
  const parts = plain.trim().split(/\s+/);
  return parts[parts.length === 5 ? 1 : 2];
}

function fieldsOf(expression: string, pattern: CronPattern, hourText: string): CronFields {
  const months = pattern.month.reduce((bits, isMeant, index) => (isMeant ? bits | (1 << index) : bits), 0);
  const years = pattern.starYear
    ? undefined
    : new Set(pattern.year.flatMap((isMeant, year) => (isMeant ? [year] : [])));
  const known = new Map<number, number>();
  return {
    expression,
    seconds: pattern.second,
    minutes: pattern.minute,
    hours: pattern.hour,
    months,
    years,
    daysOfMonth(length, firstWeekday) {
      const key = length * 7 + firstWeekday;
      let bits = known.get(key);
      if (bits === undefined) {
        bits = daysMeant(pattern, length, firstWeekday);
        known.set(key, bits);
      }
      return bits;
    },
    coversEveryHour: pattern.hour.every(Boolean),
    hasSteppedHours: /[*/?]/.test(hourText),
  };
}

function daysMeant(pattern: CronPattern, length: number, firstWeekday: number): number {
  const weekday = (day: number): number => (firstWeekday + day - 1) % 7;
  let byDate = 0;
  for (let day = 1; day <= length; day++) if (pattern.day[day - 1]) byDate |= bit(day);
  for (let day = 1; day <= length; day++)
    if (pattern.nearestWeekdays[day - 1]) byDate |= bit(nearestWorkday(day, length, weekday(day)));
  if (pattern.lastDayOfMonth) byDate |= bit(length);
  if (pattern.lastWeekday) byDate |= bit(length - [2, 0, 0, 0, 0, 0, 1][weekday(length)]);
  if (pattern.starDOW) return byDate;
  let byWeekday = 0;
  for (let day = 1; day <= length; day++) {
    // Bits 0 to 4: the first to the fifth such weekday of the month; bit 5: the last; all six: each.
    const wanted = pattern.dayOfWeek[weekday(day)];
    const which = 1 << Math.floor((day - 1) / 7);
    if (wanted & which || (wanted & 32 && day + 7 > length)) byWeekday |= bit(day);
  }
  const needsBoth = pattern.starDOM || pattern.useAndLogic;
  return needsBoth ? byDate & byWeekday : byDate | byWeekday;
}

function bit(day: number): number {
  return 1 << (day - 1);
}

/** Monday to Friday, in the same month. */
function nearestWorkday(day: number, length: number, weekday: number): number {
  if (weekday === 0) return day === length ? day - 2 : day + 1;
  if (weekday === 6) return day === 1 ? day + 2 : day - 1;
  return day;
}

/** Whether any date fits: looks at each kind of month, or at each year that is named. */
function isEverMeant(fields: CronFields): boolean {
  for (let month = 1; month <= 12; month++) {
    if ((fields.months & (1 << (month - 1))) === 0) continue;
    if (fields.years) {
      for (const year of fields.years)
        if (fields.daysOfMonth(daysIn(year, month), weekdayOf(dayNumber(year, month, 1))) !== 0) return true;
      continue;
    }
    // In 400 years each month of each length begins on every weekday; 2024 was a leap year.
    for (let weekday = 0; weekday < 7; weekday++)
      if (fields.daysOfMonth(daysIn(2024, month), weekday) !== 0) return true;
  }
  return false;
}
