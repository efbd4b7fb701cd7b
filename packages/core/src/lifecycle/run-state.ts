import type { TaskState } from "./states.ts";

/** What a run's end depends on. */
export interface RunStateQuery {
  /** States of the tasks that decide (see `CompiledGraph.considered`), mapped tasks as the state of the whole. */
  readonly considered: Iterable<TaskState>;
  /** True when any task of the run failed. */
  readonly anyFailed: boolean;
  readonly rule: "leaves" | "any_failed";
}

/** How a run ends, once every task instance has. */
export function deriveRunState(query: RunStateQuery): "success" | "failed" {
  if (query.rule === "any_failed" && query.anyFailed) return "failed";
  for (const state of query.considered)
    if (state === "failed" || state === "upstream_failed" || state === "cancelled") return "failed";
  return "success";
}

/** The state of a mapped task as a whole, from those of its instances: the worst that occurred. */
export function stateOfMapped(count: (state: TaskState) => number): TaskState {
  for (const state of ["failed", "upstream_failed", "cancelled", "success", "skipped"] as const)
    if (count(state) > 0) return state;
  return "removed";
}
