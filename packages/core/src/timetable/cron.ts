import { type CronOptions, type CronTriggerOptions, readCron, readCronTrigger } from "./cron-options.ts";
import { cronTimetable } from "./cron-timetable.ts";
import type { Timetable } from "./timetable.ts";

/**
 * Runs by a cron expression, each about the time from one tick to the next and due at its end: the run of a day starts when
 * the day is over. croner reads the expression: five fields, six with seconds in front, seven with years behind, `L`, `W`, `#`,
 * names, `?`, `+` for "both days", and presets such as `@daily`.
 *
 * @param expression - one, or several: then every tick of any of them
 * @throws `CRON_INVALID`, `CRON_NEVER` when no date fits, `TIMEZONE_INVALID`, `DAG_OPTION_INVALID`
 * @example
 * ```ts
 * import { cron, dag } from "@millrace/core";
 *
 * export default dag("nightly", { schedule: cron("0 2 * * *", { timezone: "Europe/Berlin" }) }, (d) => {
 *   d.task("report", ({ interval }) => `${interval.start} to ${interval.end}`);
 * });
 * ```
 */
export function cron(expression: string | readonly string[], options: CronOptions = {}): Timetable {
  return cronTimetable(readCron(expression, options));
}

/**
 * Runs at the ticks of a cron expression, each about the instant itself or a fixed time before it.
 *
 * @param expression - one, or several: then every tick of any of them
 * @throws as {@link cron}
 * @example
 * ```ts
 * import { cronTrigger } from "@millrace/core";
 * console.log(cronTrigger(["0 9 * * 1-5", "0 12 * * 6"]).describe()); // at 0 9 * * 1-5, 0 12 * * 6
 * ```
 */
export function cronTrigger(expression: string | readonly string[], options: CronTriggerOptions = {}): Timetable {
  return cronTimetable(readCronTrigger(expression, options));
}
