import type { TaskState } from "../../lifecycle/states.ts";
import type { LiveRun } from "../../scheduler/live-run.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { metricTable } from "./metric-table.ts";

/** What is read when somebody asks for the metrics, and not counted all the time. */
export interface EngineReadings {
  readonly runs: ReadonlyMap<number, LiveRun>;
  readonly pools: ReadonlyMap<string, { readonly capacity: number; readonly used: number }>;
  readonly freeSlots: () => number;
  readonly listeners: { readonly errors: number; readonly timeouts: number };
}

const waits = ["up_for_retry", "up_for_reschedule", "waiting"] as const satisfies readonly TaskState[];

/** Defines what is read and not counted; gives the function that reads it. */
export function defineGauges(registry: MetricRegistry): (readings: EngineReadings) => void {
  const active = registry.define(metricTable.activeRuns).series([]);
  const running = registry.define(metricTable.runningAttempts).series([]);
  const queued = registry.define(metricTable.queued);
  const waiting = registry.define(metricTable.waiting);
  const free = registry.define(metricTable.freeSlots).series([]);
  const slots = registry.define(metricTable.poolSlots);
  const used = registry.define(metricTable.poolUsed);
  const errors = registry.define(metricTable.listenerErrors).series([]);
  const timeouts = registry.define(metricTable.listenerTimeouts).series([]);
  return ({ runs, pools, freeSlots, listeners }) => {
    active.value = runs.size;
    free.value = freeSlots();
    errors.value = listeners.errors;
    timeouts.value = listeners.timeouts;
    for (const family of [queued, slots, used]) for (const series of family.all) series.value = 0;
    for (const [pool, { capacity, used: inUse }] of pools) {
      queued.series([pool]);
      slots.series([pool]).value += capacity;
      used.series([pool]).value += inUse;
    }
    const counts = new Map<TaskState, number>();
    for (const run of runs.values()) {
      for (const { isReady, taskNo, state } of run.touched()) {
        if (isReady) queued.series([run.graph.tasks[taskNo].pool]).value++;
        else counts.set(state, (counts.get(state) ?? 0) + 1);
      }
    }
    running.value = counts.get("running") ?? 0;
    for (const state of waits) waiting.series([state]).value = counts.get(state) ?? 0;
  };
}
