import { intervalOf, timetableOf } from "./ticks.ts";
import type { Timetable } from "./timetable.ts";

/**
 * One run after the other, for ever: the next is due when the last has ended, and is about the time since then. Never more than
 * one at a time; needs a start date, and ends with the end date.
 *
 * @example
 * ```ts
 * import { continuous, dag } from "@millrace/core";
 * export default dag("drain", { schedule: continuous(), startDate: "2026-11-01" }, (d) => {
 *   d.task("work", ({ interval }) => `what came in since ${interval.start}`);
 * });
 * ```
 */
export function continuous(): Timetable {
  return timetableOf(
    ({ lastStart, lastEnd, earliest, latest, now }) => {
      if (earliest === null) return null;
      let [start, end] = [earliest, Math.max(earliest, now)];
      if (lastStart !== null && lastEnd !== null && lastEnd <= now) {
        // Two runs within the same millisecond are still two.
        start = Math.max(lastEnd, lastStart + 1, earliest);
        end = Math.max(start, now);
      } else if (lastStart !== null && lastEnd !== null) {
        // The clock was set back, or the start date was moved: the next one is as long as the last, and comes after it.
        start = Math.max(earliest, lastEnd);
        end = start + lastEnd - lastStart;
      }
      return latest !== null && end > latest ? null : { start, end, runAfter: end };
    },
    {
      describe: () => "continuous",
      isPeriodic: false,
      maxActiveRuns: 1,
      manual: ({ epochMilliseconds: at }) => intervalOf(at, at),
    },
  );
}
