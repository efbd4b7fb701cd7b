import { turn } from "../../time/turn.ts";
import { type ExpiredQuery, type ExpiredScope, expiredQueries, oldUpTo } from "./expired-scope.ts";

/** Runs of one DAG that are not kept, and what goes with them. */
export interface FoundRuns {
  readonly dagId: string;
  readonly runs: number;
  readonly taskInstances: number;
  readonly xcoms: number;
  /** Of the values' JSON. */
  readonly xcomBytes: number;
}

/** What `removeExpired` would remove. */
export interface FoundExpired {
  /** DAGs with runs that are not kept. */
  readonly dags: readonly FoundRuns[];
  /** At most so many; those of the runs may be among them. */
  readonly events: number;
  /** Whether there are log lines that are not kept. */
  readonly hasOldLogs: boolean;
}

const mostLookedAt = 10_000;

/**
 * Looks what rules do not keep, and removes nothing. Reads every run that it finds, of each DAG at most 10,000.
 *
 * @throws what the store throws
 */
export async function findExpired(scope: ExpiredScope): Promise<FoundExpired> {
  const dags: FoundRuns[] = [];
  for (const query of await expiredQueries(scope)) {
    const found = await runsOf(scope, query);
    if (found.runs > 0) dags.push(found);
  }
  const upTo = await oldUpTo(scope);
  const [first] = await scope.store.events.list({ limit: 1 });
  const events = first === undefined ? 0 : Math.max(0, upTo.events - first.seq + 1);
  return { dags, events, hasOldLogs: upTo.lines > 0 };
}

async function runsOf({ store }: ExpiredScope, { dagId, query }: ExpiredQuery): Promise<FoundRuns> {
  const runNos = await store.runs.expired({ ...query, limit: mostLookedAt });
  let [taskInstances, xcoms, xcomBytes] = [0, 0, 0];
  for (const runNo of runNos) {
    taskInstances += (await store.tasks.ofRun(runNo)).length;
    const values = await store.xcoms.ofRun(runNo);
    xcoms += values.length;
    for (const { sizeBytes } of values) xcomBytes += sizeBytes;
    await turn();
  }
  return { dagId, runs: runNos.length, taskInstances, xcoms, xcomBytes };
}
