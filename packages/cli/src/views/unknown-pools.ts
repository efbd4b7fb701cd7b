import type { Dag } from "@millrace/core";
import { coreError, type MillraceError } from "@millrace/core/plugin";

/** Every pool that is always there. */
const builtInPools: readonly string[] = ["default_pool"];

/** One error per DAG and pool that tasks name and that does not exist. */
export function unknownPools(
  dags: readonly Dag[],
  pools: Readonly<Record<string, number>>,
  stored: readonly string[] = [],
): MillraceError[] {
  const known = new Set([...builtInPools, ...Object.keys(pools), ...stored]);
  return dags.flatMap((dag) => {
    const first = new Map<string, string>();
    for (const task of dag.tasks) if (!known.has(task.pool) && !first.has(task.pool)) first.set(task.pool, task.id);
    return [...first].map(([pool, taskId]) => coreError("POOL_UNKNOWN", { taskId, dagId: dag.id, pool }));
  });
}
