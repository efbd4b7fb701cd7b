import { type Dag, type DagBuilder, type DagOptions, type DataInterval, dag, type Timetable } from "@millrace/core";
import { instantOf, intervalOf, type Tick, type TickQuery } from "@millrace/core/engine";

export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

type Instant = DataInterval["start"];

/** Intervals of equal length: on the grid of the epoch, or counted from the earliest instant that is asked for. */
export function steps(stepMs: number, grid: "epoch" | "earliest" = "epoch"): Timetable {
  const ceil = (ms: number): number => (grid === "epoch" ? Math.ceil(ms / stepMs) * stepMs : ms);
  return {
    next({ lastInterval, earliest, latest }) {
      const from = Math.max(lastInterval?.end.epochMilliseconds ?? -8.64e15, earliest?.epochMilliseconds ?? -8.64e15);
      const start = ceil(from);
      if (latest && start > latest.epochMilliseconds) return null;
      return { interval: intervalOf(start, start + stepMs), runAfter: instantOf(start + stepMs) };
    },
    describe: () => `every ${stepMs} ms`,
  };
}

/** The same, answering in milliseconds as the timetables of core do. */
export function inNumbers(stepMs: number): Timetable {
  const ticks = ({ lastEnd, earliest, latest }: TickQuery): Tick | null => {
    const start = Math.ceil(Math.max(lastEnd ?? 0, earliest ?? 0) / stepMs) * stepMs;
    return latest !== null && start > latest ? null : { start, end: start + stepMs, runAfter: start + stepMs };
  };
  return Object.assign(steps(stepMs), { [Symbol.for("millrace.timetable.ticks")]: ticks });
}

/** Times without a length, as events have them. */
export function moments(...times: readonly string[]): Timetable {
  const all = times.map((time) => Date.parse(time)).sort((a, b) => a - b);
  const ms = (instant: Instant | undefined | null): number => instant?.epochMilliseconds ?? -8.64e15;
  return {
    next({ lastInterval, earliest, latest }) {
      const at = all.find((time) => time > ms(lastInterval?.end) && time >= ms(earliest));
      if (at === undefined || (latest && at > latest.epochMilliseconds)) return null;
      return { interval: intervalOf(at, at), runAfter: instantOf(at) };
    },
    describe: () => `at ${all.length} times`,
  };
}

export const daily = steps(dayMs);
export const hourly = steps(hourMs);

/** A DAG of one task. */
export function dagOf(schedule: Timetable | null, options: Omit<DagOptions, "schedule"> = {}, id = "sales"): Dag {
  return dag(id, { schedule, ...options }, (d: DagBuilder<unknown>) => {
    d.task("load", () => undefined);
  }) as Dag;
}
