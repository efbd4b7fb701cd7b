import type { Dag } from "@millrace/core";
import { createEngine, type Engine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";

/** Limits are raised so that they do not decide; everything else is what a user gets. */
export const concurrency = 256;
const slots = 1_000_000;

export function openEngine(path: string, dags: readonly Dag[], tasksAtOnce = concurrency): Promise<Engine> {
  return createEngine({
    dags,
    store: sqlite({ path }),
    concurrency: tasksAtOnce,
    pools: { default_pool: slots },
  });
}

/** Runs a DAG to its end, which must be a success. */
export async function succeed(engine: Engine, dag: Dag): Promise<void> {
  const { state } = await engine.run(dag);
  if (state !== "success") throw new Error(`a run of '${dag.id}' ended as ${state}`);
}
