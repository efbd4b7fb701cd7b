import type { RemovedExpired, RetentionOptions } from "@millrace/core/engine";
import { isLocked } from "../open-engine.ts";
import type { Session } from "../session.ts";

/** What is to be removed. */
interface Removing {
  readonly retention: RetentionOptions | false;
  readonly dagId: string | undefined;
}

/** Removes what the rules do not keep: by the engine that works on the store, which answers piece by piece, or here. */
export async function removeFromStore(session: Session, { retention, dagId }: Removing): Promise<RemovedExpired> {
  const core = await session.core();
  const store = (await session.store()).create();
  try {
    await store.open("engine");
  } catch (error) {
    if (!isLocked(error)) throw error;
    return askEngine(session, { retention, dagId });
  }
  try {
    return await core.removeExpired({
      store,
      rules: core.parseRetention(retention),
      dagId,
      write: async (change) => (await store.commit([change]))[0],
    });
  } finally {
    await store.close();
  }
}

async function askEngine(session: Session, { retention, dagId }: Removing): Promise<RemovedExpired> {
  const { fileRequest, cleanRequest } = await session.core();
  const { home } = await session.config();
  const store = (await session.store()).create();
  await store.open("client");
  try {
    let sum: RemovedExpired | undefined;
    do {
      const request = { operation: cleanRequest, retention, ...(dagId !== undefined && { dagId }) };
      const done = (await fileRequest(request, { store, home })) as RemovedExpired;
      sum = sum ? added(sum, done) : done;
    } while (!sum.isComplete);
    return sum;
  } finally {
    await store.close();
  }
}

function added(sum: RemovedExpired, more: RemovedExpired): RemovedExpired {
  const dags = new Map(sum.dags.map((dag) => [dag.dagId, dag]));
  for (const { dagId, runs, taskInstances } of more.dags) {
    const before = dags.get(dagId);
    dags.set(dagId, {
      dagId,
      runs: runs + (before?.runs ?? 0),
      taskInstances: taskInstances + (before?.taskInstances ?? 0),
    });
  }
  const { isComplete } = more;
  return {
    dags: [...dags.values()],
    xcoms: sum.xcoms + more.xcoms,
    backfills: sum.backfills + more.backfills,
    events: sum.events + more.events,
    logLines: sum.logLines + more.logLines,
    isComplete,
  };
}
