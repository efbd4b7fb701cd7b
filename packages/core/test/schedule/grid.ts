import { timetableOf } from "../../src/timetable/ticks.ts";
import type { Timetable } from "../../src/timetable/timetable.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Intervals of a fixed length on a grid, as a cron in UTC has them: without catchup only the last one that is over. */
export function grid(length: number, shift = 0): Timetable {
  const floor = (at: number): number => Math.floor((at - shift) / length) * length + shift;
  const ceil = (at: number): number => Math.ceil((at - shift) / length) * length + shift;
  return timetableOf(
    ({ lastEnd, earliest, latest, catchup, now }) => {
      const first = catchup
        ? earliest === null
          ? null
          : ceil(earliest)
        : Math.max(floor(now) - length, ceil(earliest ?? 0));
      if (first === null && lastEnd === null) return null;
      const start = Math.max(lastEnd === null ? 0 : floor(lastEnd), first ?? 0);
      if (latest !== null && start > latest) return null;
      return { start, end: start + length, runAfter: start + length };
    },
    { describe: () => `every ${length} ms` },
  );
}
