import { coreError } from "../errors.ts";
import { type Admission, type Bucket, Limit } from "./admission.ts";
import type { Instance, LiveRun } from "./live-run.ts";

/** The bucket of an instance: shared by all instances of a DAG that wait for the same limits. */
export function bucketOf(
  admission: Admission<Instance>,
  run: LiveRun,
  instance: Instance,
  { pools, suspects }: { readonly pools: ReadonlyMap<string, Limit>; readonly suspects: Limit },
): Bucket {
  const { taskNo } = instance;
  const { dag, version } = run;
  const known = version.bucketOfTask[taskNo];
  if (known && !instance.isSuspect) return known;
  const task = run.graph.tasks[taskNo];
  const pool = pools.get(task.pool);
  if (!pool) throw coreError("POOL_UNKNOWN", { taskId: task.id, dagId: run.row.dagId, pool: task.pool });
  const perTask = dag.limitOf(task);
  if (instance.isSuspect)
    return admission.bucket(dag, pool, task.poolSlots, [dag.tasks, ...(perTask ? [perTask] : []), suspects]);
  const mapping = run.mappings.get(taskNo);
  if (mapping && task.map?.maxActive !== undefined) {
    mapping.bucket ??= admission.bucket(dag, pool, task.poolSlots, [
      dag.tasks,
      ...(perTask ? [perTask] : []),
      new Limit(`maxActive of '${task.id}'`, task.map.maxActive),
    ]);
    return mapping.bucket;
  }
  const key = `${task.pool}\n${task.poolSlots}\n${perTask ? task.id : ""}`;
  let bucket = dag.buckets.get(key);
  if (!bucket) {
    bucket = admission.bucket(dag, pool, task.poolSlots, perTask ? [dag.tasks, perTask] : [dag.tasks]);
    dag.buckets.set(key, bucket);
  }
  // The bucket of a mapped task with a limit of its own is another one in each run.
  if (task.map?.maxActive === undefined) version.bucketOfTask[taskNo] = bucket;
  return bucket;
}
