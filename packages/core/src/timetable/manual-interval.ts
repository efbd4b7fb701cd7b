import { coreError, messageOf } from "../errors.ts";
import { instantOf } from "../time/temporal.ts";
import type { DataInterval, Timetable } from "./timetable.ts";

/**
 * What a run is about that somebody asks for, in milliseconds: the instant itself, unless the timetable restricts such runs.
 *
 * @throws `TIMETABLE_FAILED` if an own timetable throws, or answers what is no interval
 */
export function manualInterval(
  schedule: Timetable | null,
  at: number,
): { readonly start: number; readonly end: number } {
  if (!schedule?.restrictsManual || !schedule.manual) return { start: at, end: at };
  let interval: DataInterval;
  try {
    interval = schedule.manual(instantOf(at));
  } catch (error) {
    throw failed(schedule, `manual threw: ${messageOf(error)}`, error);
  }
  const [start, end] = [interval?.start?.epochMilliseconds, interval?.end?.epochMilliseconds];
  if (Number.isFinite(start) && Number.isFinite(end) && end >= start) return { start, end };
  throw failed(schedule, "manual answered what is no interval");
}

function failed(schedule: Timetable, why: string, cause?: unknown) {
  const options = cause === undefined ? {} : { cause };
  return coreError("TIMETABLE_FAILED", { timetable: schedule.describe(), why }, options);
}
