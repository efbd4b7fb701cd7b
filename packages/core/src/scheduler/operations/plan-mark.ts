import { type CompiledGraph, reach } from "../../graph/compile.ts";
import type { Change, TaskInstanceRow } from "../../store/contract.ts";
import type { StoredRun } from "../load-run.ts";
import type { AffectedTask, MarkedState } from "./operation.ts";
import { type Decisions, planClear, type RunPlan } from "./plan-clear.ts";

/**
 * Marking: the instances get this state, whatever they were doing. As in Airflow, what failed behind a task that is marked
 * as done or skipped is cleared, so that it is tried again.
 */
export function planMark(
  graph: CompiledGraph,
  run: StoredRun,
  chosen: ReadonlySet<TaskInstanceRow>,
  to: MarkedState,
  { decisions, at }: { readonly decisions: Decisions; readonly at: number },
): RunPlan {
  const { runNo } = run.row;
  const reason = `marked as ${to} by hand`;
  const marked = [...chosen].filter(({ state }) => state !== to);
  const changes: Change[] = marked.map(({ taskInstanceNo, state }) => ({
    kind: "setTask",
    taskInstanceNo,
    runNo,
    from: [state],
    to,
    reason,
    at,
  }));
  const tasks: AffectedTask[] = marked.map(({ taskId, mapIndex, state }) => ({ taskId, mapIndex, from: state, to }));
  if (to === "failed" || marked.length === 0) return { changes, tasks };
  const behind = new Set(marked.flatMap(({ taskNo }) => [...reach(taskNo, graph.downstream)]));
  const again = run.tasks.filter(
    (row) => behind.has(row.taskNo) && !chosen.has(row) && (row.state === "failed" || row.state === "upstream_failed"),
  );
  const cleared = planClear(graph, run, new Set(again), {
    decisions,
    reason: `what it waited for was marked as ${to}`,
    at,
  });
  return { changes: [...changes, ...cleared.changes], tasks: [...tasks, ...cleared.tasks] };
}
