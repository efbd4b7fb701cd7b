import type { DagOptions } from "@millrace/core";

/** What the real-time demo and tests change about a DAG: when its runs are due, and how long it waits before it tries again. */
export interface DagTiming extends Pick<DagOptions, "schedule" | "startDate" | "catchup" | "maxActiveRuns"> {
  /** Stands for a minute in delays. Default: a minute. */
  readonly minuteMs?: number;
}

/** So many minutes, as the timing has them. */
export function minutes(count: number, { minuteMs = 60_000 }: DagTiming): { readonly milliseconds: number } {
  return { milliseconds: Math.max(1, Math.round(count * minuteMs)) };
}

/** The options that the timing decides, without those that it leaves open. */
export function scheduleOf(
  timing: DagTiming,
): Pick<DagOptions, "schedule" | "startDate" | "catchup" | "maxActiveRuns"> {
  const { minuteMs, ...options } = timing;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
