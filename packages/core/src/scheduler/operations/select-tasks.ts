import { coreError } from "../../errors.ts";
import { type CompiledGraph, reach } from "../../graph/compile.ts";
import type { TaskInstanceRow } from "../../store/contract.ts";
import type { TaskSelection } from "./operation.ts";

/**
 * The instances that a selection means.
 *
 * @throws `TASK_NOT_FOUND` for an id that is neither a task nor a group of the DAG
 */
export function selectTasks(
  graph: CompiledGraph,
  rows: readonly TaskInstanceRow[],
  selection: TaskSelection,
): ReadonlySet<TaskInstanceRow> {
  const { mapIndex, states } = selection;
  const chosenTasks = tasksNamed(graph, selection.tasks);
  const chosen = rows.filter(
    (row) =>
      chosenTasks.has(row.taskNo) &&
      (mapIndex === undefined || row.mapIndex === mapIndex) &&
      (states === undefined || states.includes(row.state)),
  );
  const around = new Set<number>();
  for (const taskNo of new Set(chosen.map((row) => row.taskNo))) {
    if (selection.downstream) for (const next of reach(taskNo, graph.downstream)) around.add(next);
    if (selection.upstream) for (const before of reach(taskNo, graph.upstream)) around.add(before);
  }
  return new Set([...chosen, ...rows.filter((row) => around.has(row.taskNo))]);
}

function tasksNamed(graph: CompiledGraph, ids: readonly string[] | undefined): ReadonlySet<number> {
  if (ids === undefined) return new Set(graph.tasks.keys());
  const numbers = new Set<number>();
  for (const id of ids) {
    const own = graph.numberOf.get(id);
    const inGroup = graph.tasks.flatMap((task, taskNo) => (task.id.startsWith(`${id}.`) ? [taskNo] : []));
    if (own === undefined && inGroup.length === 0)
      throw coreError("TASK_NOT_FOUND", { taskId: id, dagId: graph.dag.id });
    for (const taskNo of own === undefined ? inGroup : [own]) numbers.add(taskNo);
  }
  return numbers;
}

/**
 * What has to run again with some tasks: the setups in whose scope they stand (their teardowns have removed what they
 * set up), and those teardowns.
 */
export function withSetups(graph: CompiledGraph, taskNos: ReadonlySet<number>): ReadonlySet<number> {
  const all = new Set(taskNos);
  for (const taskNo of taskNos) {
    const setups = [
      ...graph.indirectSetups[taskNo],
      ...graph.upstream[taskNo].filter((before) => graph.tasks[before].role === "setup"),
      ...(graph.tasks[taskNo].role === "setup" ? [taskNo] : []),
    ];
    for (const setup of setups) {
      all.add(setup);
      for (const next of graph.downstream[setup]) if (graph.tasks[next].role === "teardown") all.add(next);
    }
  }
  return all;
}
