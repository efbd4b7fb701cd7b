import { type CompiledGraph, reach } from "./compile.ts";

/**
 * The tasks that are skipped by what a branch chose, or by a short circuit (a latest-only) that said not to go on.
 * A branch skips those right behind it that no taken choice leads to. A short circuit skips everything behind it, or
 * only what is right behind it if the trigger rules further on are to decide; never teardowns.
 */
export function unfollowed(
  graph: CompiledGraph,
  taskNo: number,
  followed: readonly string[] | boolean,
): readonly number[] {
  const { tasks, downstream, numberOf } = graph;
  const task = tasks[taskNo];
  if (typeof followed === "boolean") {
    if (followed) return [];
    const behind = task.ignoreDownstreamTriggerRules ? reach(taskNo, downstream) : downstream[taskNo];
    return [...behind].filter((next) => tasks[next].role !== "teardown");
  }
  const taken = followed.flatMap((choice) => task.choices?.get(choice) ?? []).map((id) => numberOf.get(id) as number);
  const kept = new Set(taken.flatMap((next) => [next, ...reach(next, downstream)]));
  return downstream[taskNo].filter((next) => !kept.has(next));
}
