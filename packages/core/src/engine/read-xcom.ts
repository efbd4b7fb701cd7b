import { checkXComKey } from "../authoring/identifiers.ts";
import { coreError } from "../errors.ts";
import type { RunRow } from "../store/contract.ts";
import { decodePut, resultKey, type XComServices } from "../xcom/accessor.ts";

/**
 * A value of a run, read from the store: of a mapped task the list of its elements' values unless one index is asked for.
 *
 * @throws `TASK_NOT_FOUND`, `XCOM_KEY_INVALID`, and what the value itself deserves (`XCOM_CORRUPT`, `XCOM_READER_MISSING`)
 */
export async function readXCom(
  services: XComServices,
  run: RunRow,
  taskId: string,
  options: { readonly key?: string; readonly mapIndex?: number } = {},
): Promise<unknown> {
  const key = checkXComKey(options.key ?? resultKey);
  const instances = (await services.store.tasks.ofRun(run.runNo)).filter((instance) => instance.taskId === taskId);
  if (instances.length === 0) throw coreError("TASK_NOT_FOUND", { dagId: run.dagId, taskId });
  const wanted =
    options.mapIndex === undefined ? instances : instances.filter(({ mapIndex }) => mapIndex === options.mapIndex);
  const rows = await services.store.xcoms.getMany(
    wanted.map(({ taskInstanceNo }) => taskInstanceNo),
    key,
  );
  const values = await Promise.all(
    rows.map(
      (row, place) =>
        row &&
        decodePut(services, row, { dagId: run.dagId, runId: run.runId, taskId, mapIndex: wanted[place].mapIndex, key }),
    ),
  );
  const isWholeMap = options.mapIndex === undefined && instances[0].mapIndex >= 0;
  return isWholeMap ? values.filter((_, place) => rows[place] !== undefined) : values[0];
}
