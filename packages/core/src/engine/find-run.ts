import { checkDagId, checkRunId } from "../authoring/identifiers.ts";
import { coreError } from "../errors.ts";
import type { DagRow, RunRow, Store } from "../store/contract.ts";

/** @throws `DAG_ID_INVALID`, `RUN_ID_INVALID`, `RUN_NOT_FOUND` */
export async function findRun(store: Store, dagId: string, runId: string): Promise<RunRow> {
  const row = await store.runs.find(checkDagId(dagId), checkRunId(runId));
  if (!row) throw coreError("RUN_NOT_FOUND", { dagId, runId });
  return row;
}

/** @throws `DAG_ID_INVALID`, `DAG_NOT_FOUND` */
export async function findDag(store: Store, dagId: string): Promise<DagRow> {
  const row = await store.dags.get(checkDagId(dagId));
  if (!row) throw coreError("DAG_NOT_FOUND", { dagId });
  return row;
}
