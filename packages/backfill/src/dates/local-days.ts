import { instantOf } from "@millrace/core/engine";

export const dayMs = 86_400_000;

/** Days since 1 January 1970 of the local date that an instant has. */
export type LocalDays = (epochMs: number) => number;

/**
 * Local dates in a time zone. The offset is asked for once between two changes of it, so a decade of instants that come in
 * order costs arithmetic.
 */
export function localDays(timezone: string): LocalDays {
  let from = 0;
  let until = 0;
  let offsetMs = 0;
  return (epochMs) => {
    if (epochMs < from || epochMs >= until) {
      const local = instantOf(epochMs).toZonedDateTimeISO(timezone);
      offsetMs = local.offsetNanoseconds / 1e6;
      from = epochMs;
      until = local.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
    }
    return Math.floor((epochMs + offsetMs) / dayMs);
  };
}

/** `2026-01-31` of a day's number. */
export function dateOfDay(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** The number of the day that `2026-01-31` names; NaN for text that is no date. */
export function dayOfDate(date: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return Number.NaN;
  const day = Date.parse(`${date}T00:00:00Z`) / dayMs;
  // JavaScript reads 30 February as 2 March.
  return Number.isFinite(day) && dateOfDay(day) === date ? day : Number.NaN;
}

/** 0 for Sunday to 6 for Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}
