import { intervalOf, timetableOf } from "./ticks.ts";
import type { Timetable } from "./timetable.ts";

/**
 * One run, at the DAG's start date, or at once without one; about that instant.
 *
 * @example
 * ```ts
 * import { dag, once } from "@millrace/core";
 * export default dag("move_in", { schedule: once(), startDate: "2026-11-01T06:00:00Z" }, (d) => {
 *   d.task("move", () => "done");
 * });
 * ```
 */
export function once(): Timetable {
  return timetableOf(
    ({ lastStart, earliest, latest, now }) => {
      const start = earliest ?? now;
      if (lastStart !== null || (latest !== null && start > latest)) return null;
      return { start, end: start, runAfter: start };
    },
    {
      describe: () => "once",
      isPeriodic: false,
      manual: ({ epochMilliseconds: at }) => intervalOf(at, at),
    },
  );
}
