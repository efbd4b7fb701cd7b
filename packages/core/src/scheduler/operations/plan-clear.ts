import type { CompiledGraph } from "../../graph/compile.ts";
import { unfollowed } from "../../graph/unfollowed.ts";
import type { Followed } from "../../runtime/decision.ts";
import type { Change, TaskInstanceRow } from "../../store/contract.ts";
import type { StoredRun } from "../load-run.ts";
import type { AffectedTask } from "./operation.ts";
import { withSetups } from "./select-tasks.ts";

/** Decisions of a run, by task number. */
export type Decisions = ReadonlyMap<number, Followed>;

/** Changes of a run, and what people are told of them. */
export interface RunPlan {
  readonly changes: readonly Change[];
  readonly tasks: readonly AffectedTask[];
}

/**
 * Clearing: the instances will run again, as if they never had, but for their attempt numbers and logs. Tasks that are to
 * run again for the first time in this run are left as they are; and so is what a branch that is not cleared has skipped.
 */
export function planClear(
  graph: CompiledGraph,
  { row, tasks: rows }: StoredRun,
  chosen: ReadonlySet<TaskInstanceRow>,
  { decisions, reason, at }: { readonly decisions: Decisions; readonly reason: string; readonly at: number },
): RunPlan {
  const { runNo } = row;
  const chosenTasks = new Set([...chosen].map(({ taskNo }) => taskNo));
  const clearedTasks = withSetups(graph, chosenTasks);
  const staysSkipped = skippedByOthers(graph, clearedTasks, decisions);
  const cleared = rows.filter(
    (instance) =>
      (chosen.has(instance) || (clearedTasks.has(instance.taskNo) && !chosenTasks.has(instance.taskNo))) &&
      mayHaveToWait(instance) &&
      !(instance.state === "skipped" && staysSkipped.has(instance.taskNo)),
  );
  const changes: Change[] = [];
  const all = Map.groupBy(rows, ({ taskNo }) => taskNo);
  for (const [taskNo, instances] of Map.groupBy(cleared, (instance) => instance.taskNo)) {
    const whole = all.get(taskNo) as TaskInstanceRow[];
    // Its list of elements may come out different this time.
    const isMadeAnew =
      whole[0].mapIndex >= 0 &&
      instances.length === whole.length &&
      graph.upstream[taskNo].some((before) => clearedTasks.has(before));
    if (isMadeAnew)
      changes.push({ kind: "collapseTask", runNo, taskNo, placeholderNo: whole[0].taskInstanceNo, reason, at });
    else
      for (const { taskInstanceNo, state } of instances)
        changes.push({ kind: "clearTask", taskInstanceNo, runNo, from: [state], reason, at });
  }
  const tasks = cleared.flatMap(({ taskId, mapIndex, state }) =>
    state === "scheduled" ? [] : [{ taskId, mapIndex, from: state, to: "scheduled" } as const],
  );
  return { changes, tasks };
}

/** It has begun, or is about to without a further look at its upstreams: an element, or one whose attempt was given up. */
function mayHaveToWait({ state, token, mapIndex }: TaskInstanceRow): boolean {
  return state !== "scheduled" || token !== 0 || mapIndex >= 0;
}

/** Tasks that a decision which stands would skip again. */
function skippedByOthers(
  graph: CompiledGraph,
  cleared: ReadonlySet<number>,
  decisions: Decisions,
): ReadonlySet<number> {
  const standing = [...decisions].filter(([taskNo]) => !cleared.has(taskNo));
  return new Set(standing.flatMap(([taskNo, decision]) => unfollowed(graph, taskNo, decision)));
}

/** Tasks that decide what follows them, and have done so in this run. */
export function decidersOf(graph: CompiledGraph, rows: readonly TaskInstanceRow[]): readonly TaskInstanceRow[] {
  return rows.filter(({ taskNo, state }) => {
    const { kind } = graph.tasks[taskNo];
    return state === "success" && (kind === "branch" || kind === "short_circuit" || kind === "latest_only");
  });
}
