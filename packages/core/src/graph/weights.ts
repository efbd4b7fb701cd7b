import type { WeightRule } from "../authoring/options.ts";

const [least, greatest] = [-2_147_483_648, 2_147_483_647];

/**
 * Airflow's priority weights: `absolute` is the task's own, `downstream` adds those of all distinct tasks behind it,
 * `upstream` those of all before it; clamped to 32 bits.
 */
export function effectiveWeights(
  tasks: readonly { readonly priority: number; readonly weightRule: WeightRule }[],
  downstream: readonly (readonly number[])[],
  upstream: readonly (readonly number[])[],
  order: readonly number[],
): Int32Array {
  const behind = tasks.some((task) => task.weightRule === "downstream")
    ? sums(tasks, downstream, order.toReversed())
    : [];
  const before = tasks.some((task) => task.weightRule === "upstream") ? sums(tasks, upstream, order) : [];
  return Int32Array.from(tasks, (task, number) => {
    const more =
      task.weightRule === "downstream" ? behind[number] : task.weightRule === "upstream" ? before[number] : 0;
    return Math.min(Math.max(task.priority + more, least), greatest);
  });
}

/**
 * Per task, the sum of the priorities of all distinct tasks that can be reached. Sums of children add up where nothing
 * below them is shared; elsewhere a task would count twice, so there the set is walked.
 */
function sums(
  tasks: readonly { readonly priority: number }[],
  neighbours: readonly (readonly number[])[],
  order: readonly number[],
): number[] {
  const total = new Array<number>(tasks.length).fill(0);
  const ways = new Int32Array(tasks.length);
  for (const list of neighbours) for (const next of list) ways[next]++;
  /** 1 where every task that can be reached is reached on one way only, as far as all edges tell. */
  const isTree = new Uint8Array(tasks.length);
  const mark = new Int32Array(tasks.length).fill(-1);
  for (const number of order) {
    const list = neighbours[number];
    isTree[number] = list.every((next) => ways[next] === 1 && isTree[next] === 1) ? 1 : 0;
    if (isTree[number] === 1 || list.length === 1) {
      for (const next of list) total[number] += tasks[next].priority + total[next];
      continue;
    }
    const open = [...list];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (mark[node] === number) continue;
      mark[node] = number;
      total[number] += tasks[node].priority;
      open.push(...neighbours[node]);
    }
  }
  return total;
}
