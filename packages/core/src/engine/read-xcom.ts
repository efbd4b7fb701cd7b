import { checkTaskPath, checkXComKey } from "../authoring/identifiers.ts";
import { coreError } from "../errors.ts";
import type { RunRow, TaskInstanceRow } from "../store/contract.ts";
import { decodePut, resultKey, type XComServices } from "../xcom/accessor.ts";
import { checkedMapIndex } from "./check-arguments.ts";

/**
 * A value of a run, read from the store: of a mapped task the list of its elements' values unless one index is asked for.
 * Only the list of a mapped task costs more than looking up one instance.
 *
 * @throws `TASK_NOT_FOUND`, `XCOM_KEY_INVALID`, and what the value itself deserves (`XCOM_CORRUPT`, `XCOM_READER_MISSING`)
 */
export async function readXCom(
  services: XComServices,
  run: RunRow,
  taskId: string,
  options: { readonly key?: string; readonly mapIndex?: number } = {},
): Promise<unknown> {
  checkTaskPath(taskId);
  const key = options.key === undefined ? resultKey : checkXComKey(options.key);
  checkedMapIndex(options.mapIndex, "xcom");
  const { tasks, xcoms } = services.store;
  const { runNo, runId, dagId } = run;
  const find = (mapIndex: number): Promise<TaskInstanceRow | undefined> => tasks.find({ runNo, taskId, mapIndex });
  const valuesOf = async (instances: readonly TaskInstanceRow[]): Promise<readonly unknown[]> => {
    const numbers = instances.map(({ taskInstanceNo }) => taskInstanceNo);
    const rows = (await xcoms.getMany(numbers, key)).filter((row) => row !== undefined);
    return Promise.all(
      rows.map((row) => decodePut(services, row, { dagId, runId, taskId, mapIndex: row.mapIndex, key })),
    );
  };

  const single = await find(options.mapIndex ?? -1);
  if (single) return (await valuesOf([single]))[0];
  const first = (await find(0)) ?? (await find(-1));
  if (!first) throw coreError("TASK_NOT_FOUND", { dagId, taskId });
  if (options.mapIndex !== undefined) return undefined;
  return valuesOf((await tasks.ofRun(runNo)).filter((instance) => instance.taskId === taskId));
}
