import { coreError, type MillraceError } from "../errors.ts";
import { inputsOf, type TaskDefinition } from "./definition.ts";
import { findCycle } from "./find-cycle.ts";
import { tasksOfSource } from "./map-source.ts";
import type { Edge } from "./resolve-edges.ts";

const mostTasks = 100_000;

/** What only the whole shows to be wrong. */
export function* checkDraft(
  tasks: readonly TaskDefinition[],
  edges: readonly Edge[],
  setupsOf: ReadonlyMap<string, readonly string[]>,
  failFast: boolean,
): Generator<MillraceError> {
  if (tasks.length > mostTasks) yield coreError("DAG_TOO_LARGE", { count: tasks.length, limit: mostTasks });
  const cycle = findCycle(tasks.length, edges);
  if (cycle) yield coreError("DAG_CYCLE", { cycle: cycle.map((number) => tasks[number].id).join(" → ") });
  yield* checkSetups(tasks, edges, setupsOf);
  yield* checkKeptResults(tasks);
  if (!failFast) return;
  for (const { id: taskId, role, triggerRule: rule } of tasks)
    if (role !== "teardown" && rule !== "all_success") yield coreError("DAG_FAIL_FAST_RULE", { taskId, rule });
}

function* checkSetups(
  tasks: readonly TaskDefinition[],
  edges: readonly Edge[],
  setupsOf: ReadonlyMap<string, readonly string[]>,
): Generator<MillraceError> {
  for (const [from, to] of edges) {
    const [setup, task] = [tasks[from], tasks[to]];
    if (setup.role === "setup" && task.role !== "teardown" && task.triggerRule !== "all_success")
      yield coreError("DAG_SETUP_RULE", { taskId: task.id, setupId: setup.id, rule: task.triggerRule });
  }
  const roles = new Map(tasks.map(({ id, role }) => [id, role]));
  for (const [teardown, setups] of setupsOf) {
    for (const id of setups) {
      if (roles.get(id) === "setup") continue;
      yield optionError("setups", `task '${teardown}'`, `'${id}'`, "tasks with role: 'setup' are needed");
    }
  }
}

/** A result that is not kept cannot be anybody's input. */
function* checkKeptResults(tasks: readonly TaskDefinition[]): Generator<MillraceError> {
  const dropped = new Set(tasks.filter(({ keepsResult }) => !keepsResult).map(({ id }) => id));
  if (dropped.size === 0) return;
  for (const { id, input, map } of tasks) {
    for (const source of [...inputsOf(input), ...(map ? tasksOfSource(map.over) : [])])
      if (dropped.has(source)) yield optionError("xcom", `task '${source}'`, "false", `task '${id}' takes its result`);
  }
}

function optionError(option: string, where: string, value: string, expected: string): MillraceError {
  return coreError("DAG_OPTION_INVALID", { option, where, value, expected });
}
