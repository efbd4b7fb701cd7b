import { turn } from "../../time/turn.ts";
import { type ExpiredScope, expiredQueries, expiredXComQueries, oldUpTo } from "./expired-scope.ts";
import { xcomsGoneUpTo } from "./remove-expired.ts";

/** Values, and the bytes of their JSON. */
export interface FoundXComs {
  readonly dagId: string;
  readonly runs: number;
  readonly xcoms: number;
  readonly xcomBytes: number;
}

/** Runs of one DAG that are not kept, and what goes with them. */
export interface FoundRuns extends FoundXComs {
  readonly taskInstances: number;
}

/** What `removeExpired` would remove. */
export interface FoundExpired {
  /** DAGs with runs that are not kept. */
  readonly dags: readonly FoundRuns[];
  /** DAGs with runs that stay without their XComs. */
  readonly xcoms: readonly FoundXComs[];
  /** At most so many; those of the runs may be among them. */
  readonly events: number;
  /** Whether there are log lines that are not kept. */
  readonly hasOldLogs: boolean;
}

const mostLookedAt = 10_000;

/**
 * Looks what rules do not keep, and removes nothing. Reads every run that it finds, of each DAG at most 10,000 of a kind.
 *
 * @throws what the store throws
 */
export async function findExpired(scope: ExpiredScope): Promise<FoundExpired> {
  const { store } = scope;
  const dags: FoundRuns[] = [];
  const going = new Set<number>();
  for (const { dagId, query } of await expiredQueries(scope)) {
    const runNos = await store.runs.expired({ ...query, limit: mostLookedAt });
    for (const runNo of runNos) going.add(runNo);
    if (runNos.length > 0) dags.push({ dagId, ...(await contentOf(scope, runNos)) });
  }
  const xcoms: FoundXComs[] = [];
  for (const { dagId, query } of await expiredXComQueries(scope)) {
    const after = await xcomsGoneUpTo(store, dagId);
    const runNos = await store.runs.expired({ ...query, ...(after && { after }), limit: mostLookedAt });
    const { taskInstances: _, ...found } = await contentOf(
      scope,
      runNos.filter((runNo) => !going.has(runNo)),
    );
    if (found.xcoms > 0) xcoms.push({ dagId, ...found });
  }
  const upTo = await oldUpTo(scope);
  const [first] = await store.events.list({ limit: 1 });
  const events = first === undefined ? 0 : Math.max(0, upTo.events - first.seq + 1);
  return { dags, xcoms, events, hasOldLogs: upTo.lines > 0 };
}

async function contentOf({ store }: ExpiredScope, runNos: readonly number[]): Promise<Omit<FoundRuns, "dagId">> {
  let [taskInstances, xcoms, xcomBytes] = [0, 0, 0];
  for (const runNo of runNos) {
    taskInstances += (await store.tasks.ofRun(runNo)).length;
    const values = await store.xcoms.ofRun(runNo);
    xcoms += values.length;
    for (const { sizeBytes } of values) xcomBytes += sizeBytes;
    await turn();
  }
  return { runs: runNos.length, taskInstances, xcoms, xcomBytes };
}
