import type { DagSnapshot } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import { nameOf } from "./task-view.ts";

/** A task instance that has slots of a pool. */
export interface PoolUser {
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly slots: number;
}

export interface PoolLine {
  readonly pool: string;
  readonly slots: number;
  readonly used: number;
  readonly users: readonly PoolUser[];
}

/** The pools of a store and who has their slots at this moment, as the versions say that the runs began with. */
export async function readPools(store: Store): Promise<readonly PoolLine[]> {
  const users = new Map<string, PoolUser[]>();
  const snapshots = new Map<number, DagSnapshot>();
  for (const instance of await store.tasks.running()) {
    const run = await store.runs.get(instance.runNo);
    if (!run) continue;
    let snapshot = snapshots.get(run.versionNo);
    if (!snapshot) {
      const version = await store.dags.version(run.versionNo);
      if (!version) continue;
      snapshot = JSON.parse(version.snapshot) as DagSnapshot;
      snapshots.set(run.versionNo, snapshot);
    }
    const task = snapshot.tasks[instance.taskNo];
    const user = { dag: run.dagId, run: run.runId, task: nameOf(instance), slots: task.poolSlots };
    users.set(task.pool, [...(users.get(task.pool) ?? []), user]);
  }
  return (await store.pools.list()).map(({ pool, slots }) => {
    const ofPool = users.get(pool) ?? [];
    return { pool, slots, used: ofPool.reduce((sum, user) => sum + user.slots, 0), users: ofPool };
  });
}

/** Who has slots of a pool, for a table: the first few by name. */
export function usersText({ users }: PoolLine, most = 3): string {
  const named = users.slice(0, most).map(({ dag, task, slots }) => `${dag}.${task}${slots === 1 ? "" : ` × ${slots}`}`);
  return [...named, ...(users.length > most ? [`and ${users.length - most} more`] : [])].join(", ");
}
