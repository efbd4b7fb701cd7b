import type { RunRow, TaskInstanceRow } from "../store/contract.ts";
import { decodePut, type XComServices } from "../xcom/accessor.ts";

/** Key under which branches and short circuits keep what they decided, as in Airflow. */
export const skipKey = "skipmixin_key";

/** What a branch or a short circuit decided: choices taken, or `false` for not going on. */
export type Followed = readonly string[] | boolean;

/** What a task that decides what follows it has decided in this run; `undefined` where it kept nothing. */
export async function readDecision(
  services: XComServices,
  { dagId, runId }: RunRow,
  { taskInstanceNo, taskId, mapIndex }: TaskInstanceRow,
): Promise<Followed | undefined> {
  const row = await services.store.xcoms.get({ taskInstanceNo, key: skipKey });
  if (!row) return undefined;
  const { followed } = (await decodePut(services, row, { dagId, runId, taskId, mapIndex, key: skipKey })) as {
    readonly followed: Followed;
  };
  return followed;
}
