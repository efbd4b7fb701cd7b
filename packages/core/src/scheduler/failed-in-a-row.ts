import { isRunFinished } from "../lifecycle/states.ts";
import type { Store } from "../store/contract.ts";
import type { Desk } from "./desk.ts";
import type { LiveRun } from "./live-run.ts";

/** Under this namespace of the state facet stands by DAG when it was unpaused last: failures before that do not count. */
export const unpausedNamespace = "unpaused";

/** A run has failed, and that is stored: whether there are too many in a row is looked at by the next tick. */
export function countFailure(desk: Pick<Desk, "post">, { dag, graph }: LiveRun): void {
  const limit = (dag.current?.dag ?? graph.dag).maxConsecutiveFailedRuns;
  if (limit > 0 && !dag.isPaused) desk.post({ kind: "failed", dagId: dag.dagId, dagNo: dag.dagNo, limit });
}

/**
 * Whether the newest `limit` runs that have ended, by logical date, have all failed since the DAG was unpaused. Costs as many
 * reads as there are such runs, and one for each run that is newer and has not ended.
 */
export async function haveFailedInARow(
  { runs, state }: Pick<Store, "runs" | "state">,
  { dagId, dagNo, limit }: { readonly dagId: string; readonly dagNo: number; readonly limit: number },
): Promise<boolean> {
  const unpausedAt = Number((await state.get(unpausedNamespace, dagId)) ?? Number.NEGATIVE_INFINITY);
  let before = { logicalDate: Number.MAX_SAFE_INTEGER, runNo: Number.MAX_SAFE_INTEGER };
  for (let failed = 0; failed < limit; ) {
    const run = await runs.previous({ dagNo, ...before, scheduledOnly: false });
    if (!run) return false;
    before = { logicalDate: run.logicalDate, runNo: run.runNo };
    if (!isRunFinished(run.state)) continue;
    if (run.state !== "failed" || (run.endedAt ?? 0) <= unpausedAt) return false;
    failed++;
  }
  return true;
}
