import type { SchedulerHealth } from "../scheduler/scheduler-health.ts";

/** How an engine is, for those who watch over it. */
export interface EngineHealth {
  /**
   * `opened`: it runs what it is asked to, and has not been started. `ready`: it was. `draining`: nothing begins any more.
   * `stopped`: it works no more; what ended it is told by `whenStopped`.
   */
  readonly state: "opened" | "ready" | "draining" | "stopped";
  /** Since when its store cannot be written, in milliseconds since the epoch; `null` when it can. */
  readonly storeFailingSince: number | null;
}

export function healthOf(
  { isStopped, isDraining, storeFailingSince }: SchedulerHealth,
  isStarted: boolean,
): EngineHealth {
  const state = isStopped ? "stopped" : isDraining ? "draining" : isStarted ? "ready" : "opened";
  return { state, storeFailingSince };
}
