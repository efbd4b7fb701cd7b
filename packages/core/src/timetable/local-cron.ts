import { civilDay, dayNumber, daysIn, weekdayOf } from "./civil.ts";
import type { CronFields } from "./cron-fields.ts";

/**
 * The local times that a cron expression means, in order. A local time is what a clock on the wall shows, counted in
 * milliseconds as if it were UTC.
 */
export interface LocalCron {
  /** The first one at or after this; `Infinity` when there is none until the end of the year 9999. */
  atOrAfter(local: number): number;
  /** The last one at or before this; `-Infinity` when there is none since the year 1. */
  atOrBefore(local: number): number;
}

const dayMs = 86_400_000;
const firstYear = 1;
const lastYear = 9_999;
const firstDay = dayNumber(firstYear, 1, 1);
const lastDay = dayNumber(lastYear, 12, 31);

/** Steps by tables: the costs do not depend on how far the next time is, but for years in which there is none. */
export function localCron(fields: CronFields): LocalCron {
  const time = timesOfDay(fields);
  const { months, years, daysOfMonth } = fields;
  const bitsOf = (year: number, month: number): number =>
    (months & (1 << (month - 1))) !== 0 && (years === undefined || years.has(year))
      ? daysOfMonth(daysIn(year, month), weekdayOf(dayNumber(year, month, 1)))
      : 0;
  const ends = years && { first: Math.min(...years), last: Math.max(...years) };

  function dayAtOrAfter(number: number): number {
    if (number > lastDay) return Number.POSITIVE_INFINITY;
    let { year, month, day } = civilDay(Math.max(number, firstDay));
    if (ends && year < ends.first) [year, month, day] = [ends.first, 1, 1];
    const until = ends?.last ?? lastYear;
    let bits = bitsOf(year, month) & -(1 << (day - 1));
    while (bits === 0) {
      month++;
      if (month > 12) [year, month] = [year + 1, 1];
      if (year > until) return Number.POSITIVE_INFINITY;
      bits = bitsOf(year, month);
    }
    return dayNumber(year, month, 32 - Math.clz32(bits & -bits));
  }

  function dayAtOrBefore(number: number): number {
    if (number < firstDay) return Number.NEGATIVE_INFINITY;
    let { year, month, day } = civilDay(Math.min(number, lastDay));
    if (ends && year > ends.last) [year, month, day] = [ends.last, 12, 31];
    const from = ends?.first ?? firstYear;
    let bits = bitsOf(year, month) & (0x7fffffff >>> (31 - day));
    while (bits === 0) {
      month--;
      if (month < 1) [year, month] = [year - 1, 12];
      if (year < from) return Number.NEGATIVE_INFINITY;
      bits = bitsOf(year, month);
    }
    return dayNumber(year, month, 32 - Math.clz32(bits));
  }

  return {
    atOrAfter(local) {
      const day = Math.floor(local / dayMs);
      const meant = dayAtOrAfter(day);
      if (meant === day) {
        const second = time.atOrAfter(Math.ceil((local - day * dayMs) / 1_000));
        if (second >= 0) return day * dayMs + second * 1_000;
        return dayAtOrAfter(day + 1) * dayMs + time.first * 1_000;
      }
      return meant * dayMs + time.first * 1_000;
    },
    atOrBefore(local) {
      const day = Math.floor(local / dayMs);
      const meant = dayAtOrBefore(day);
      if (meant === day) {
        const second = time.atOrBefore(Math.floor((local - day * dayMs) / 1_000));
        if (second >= 0) return day * dayMs + second * 1_000;
        return dayAtOrBefore(day - 1) * dayMs + time.last * 1_000;
      }
      return meant * dayMs + time.last * 1_000;
    },
  };
}

/** Seconds of the day. */
interface TimesOfDay {
  readonly first: number;
  readonly last: number;
  /** -1 when there is none any more on that day. */
  atOrAfter(second: number): number;
  atOrBefore(second: number): number;
}

function timesOfDay({ seconds, minutes, hours }: CronFields): TimesOfDay {
  const second = nearest(seconds);
  const minute = nearest(minutes);
  const hour = nearest(hours);
  return {
    first: hour.first * 3_600 + minute.first * 60 + second.first,
    last: hour.last * 3_600 + minute.last * 60 + second.last,
    atOrAfter(at) {
      const h = Math.floor(at / 3_600);
      if (hour.after[h] === h) {
        const m = Math.floor(at / 60) % 60;
        if (minute.after[m] === m) {
          const s = second.after[at % 60];
          if (s >= 0) return at - (at % 60) + s;
        }
        const later = minute.after[m + 1];
        if (later >= 0) return h * 3_600 + later * 60 + second.first;
      }
      // After 23:59:59 there is no hour 24, nor one behind it.
      const later = hour.after[Math.min(h + 1, 24)];
      return later < 0 ? -1 : later * 3_600 + minute.first * 60 + second.first;
    },
    atOrBefore(at) {
      const h = Math.floor(at / 3_600);
      if (hour.before[h] === h) {
        const m = Math.floor(at / 60) % 60;
        if (minute.before[m] === m) {
          const s = second.before[at % 60];
          if (s >= 0) return at - (at % 60) + s;
        }
        const earlier = m === 0 ? -1 : minute.before[m - 1];
        if (earlier >= 0) return h * 3_600 + earlier * 60 + second.last;
      }
      const earlier = h === 0 ? -1 : hour.before[h - 1];
      return earlier < 0 ? -1 : earlier * 3_600 + minute.last * 60 + second.last;
    },
  };
}

/** For each value the nearest one that is meant, at or after and at or before it; -1 for none. One entry more than there are values. */
function nearest(meant: readonly number[]) {
  const after = new Int8Array(meant.length + 1).fill(-1);
  const before = new Int8Array(meant.length + 1).fill(-1);
  for (let value = meant.length - 1; value >= 0; value--) after[value] = meant[value] ? value : after[value + 1];
  for (let value = 0; value < meant.length; value++)
    before[value] = meant[value] ? value : value === 0 ? -1 : before[value - 1];
  return { after, before, first: after[0], last: before[meant.length - 1] };
}
