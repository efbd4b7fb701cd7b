import type { Dag, TaskDefinition } from "../authoring/definition.ts";
import { effectiveWeights } from "./weights.ts";

/** A DAG as the scheduler walks it: tasks by number, neighbours as number lists. Made once per version, shared by its runs. */
export interface CompiledGraph {
  readonly dag: Dag;
  readonly tasks: readonly TaskDefinition[];
  readonly count: number;
  readonly numberOf: ReadonlyMap<string, number>;
  readonly upstream: readonly (readonly number[])[];
  readonly downstream: readonly (readonly number[])[];
  /** Tasks without upstreams. */
  readonly roots: readonly number[];
  /** How many of a task's direct upstreams are setups. */
  readonly setupCount: Int32Array;
  /** Setups in whose scope a task stands without following them directly: they must have succeeded too. */
  readonly indirectSetups: readonly (readonly number[])[];
  /** For a setup: the tasks that have it among their indirect setups. */
  readonly indirectDownstream: readonly (readonly number[])[];
  /** Tasks whose state decides the run's: leaves, with teardowns left out unless they count. */
  readonly considered: readonly number[];
  /** Weight in the queue, by task. */
  readonly weights: Int32Array;
  /** Numbers such that every edge goes from a smaller place to a greater one. */
  readonly order: readonly number[];
}

const none: readonly number[] = [];

export function compileGraph(dag: Dag): CompiledGraph {
  const { tasks } = dag;
  const count = tasks.length;
  const upstream: number[][] = Array.from({ length: count }, () => []);
  const downstream: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of dag.edges) {
    downstream[from].push(to);
    upstream[to].push(from);
  }
  const order = topologicalOrder(upstream, downstream);
  const setupCount = Int32Array.from(upstream, (list) =>
    list.reduce((sum, number) => sum + (tasks[number].role === "setup" ? 1 : 0), 0),
  );
  const indirectSetups = findIndirectSetups(tasks, upstream, downstream);
  const indirectDownstream: number[][] = Array.from(
    { length: indirectSetups.some((list) => list.length > 0) ? count : 0 },
    () => [],
  );
  indirectSetups.forEach((setups, number) => {
    for (const setup of setups) indirectDownstream[setup].push(number);
  });
  return {
    dag,
    tasks,
    count,
    numberOf: new Map(tasks.map((task, number) => [task.id, number])),
    upstream,
    downstream,
    roots: order.filter((number) => upstream[number].length === 0),
    setupCount,
    indirectSetups,
    indirectDownstream,
    considered: tasksConsidered(tasks, downstream),
    weights: effectiveWeights(tasks, downstream, upstream, order),
    order,
  };
}

function topologicalOrder(
  upstream: readonly (readonly number[])[],
  downstream: readonly (readonly number[])[],
): number[] {
  const missing = upstream.map((list) => list.length);
  const order = missing.flatMap((count, number) => (count === 0 ? [number] : []));
  for (let place = 0; place < order.length; place++) {
    for (const next of downstream[order[place]]) if (--missing[next] === 0) order.push(next);
  }
  return order;
}

/**
 * The tasks that decide a run's state, as in Airflow (`DagRun._tis_for_dagrun_state`): the leaves; a teardown that
 * does not fail the run gives its place to its upstreams. A DAG of nothing but such teardowns has its plain leaves.
 */
function tasksConsidered(tasks: readonly TaskDefinition[], downstream: readonly (readonly number[])[]): number[] {
  const ignored = (number: number): boolean => tasks[number].role === "teardown" && !tasks[number].failRun;
  const considered = new Set<number>();
  tasks.forEach((_, number) => {
    if (!ignored(number) && downstream[number].every((next) => ignored(next))) considered.add(number);
  });
  if (considered.size > 0) return [...considered];
  return tasks.flatMap((_, number) => (downstream[number].length === 0 ? [number] : []));
}

function findIndirectSetups(
  tasks: readonly TaskDefinition[],
  upstream: readonly (readonly number[])[],
  downstream: readonly (readonly number[])[],
): (readonly number[])[] {
  const result: (readonly number[])[] = tasks.map(() => none);
  tasks.forEach((setup, number) => {
    if (setup.role !== "setup") return;
    const teardowns = downstream[number].filter((next) => tasks[next].role === "teardown");
    const below = reach(number, downstream);
    const beforeTeardowns = new Set(teardowns.flatMap((teardown) => [...reach(teardown, upstream)]));
    for (const task of below) {
      if (tasks[task].role === "teardown" || upstream[task].includes(number)) continue;
      if (teardowns.length === 0 || beforeTeardowns.has(task)) result[task] = [...result[task], number];
    }
  });
  return result;
}

/** All nodes that can be reached, without the start. */
export function reach(start: number, neighbours: readonly (readonly number[])[]): Set<number> {
  const seen = new Set<number>();
  const open = [...neighbours[start]];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...neighbours[node]);
  }
  return seen;
}
