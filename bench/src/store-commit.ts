import { join } from "node:path";
import type { Change, Store } from "@millrace/core/plugin";
import { sqlite } from "@millrace/store-sqlite";
import { withScratchFolder } from "./scratch-folder.ts";

export interface StoreCommitOptions {
  /** Task instances to take through their life. */
  readonly tasks: number;
  readonly tasksPerRun: number;
  /** Tasks whose start and end are committed together. */
  readonly groupSize: number;
  /** Task instances that the file holds beforehand. */
  readonly before?: number;
}

/**
 * The same work as the raw limit through the store's `commit`, without an engine: runs created, tasks started and
 * finished with one XCom each. Answers tasks per second, with and without the creation of the runs.
 */
export function measureStoreCommit(
  options: StoreCommitOptions,
): Promise<{ readonly all: number; readonly pairs: number }> {
  const { tasks, tasksPerRun, groupSize, before = 0 } = options;
  return withScratchFolder(async (folder) => {
    const store = sqlite({ path: join(folder, "store.db") });
    await store.open("engine");
    const taskIds = Array.from({ length: tasksPerRun }, (_, index) => `task_${index}`);
    const [dag] = await store.commit([
      {
        kind: "registerDag",
        dagId: "d",
        fingerprint: "f",
        snapshot: "{}",
        bundle: null,
        taskIds,
        paused: false,
        startDate: null,
        startDateIsRelative: false,
        at: 1,
      },
    ]);
    if (dag?.status !== "registered") throw new Error("not registered");
    const { dagNo, versionNo } = dag;
    const work = { store, dagNo, versionNo, tasksPerRun, groupSize };
    if (before > 0) await takeThrough({ ...work, runs: Math.ceil(before / tasksPerRun), prefix: "before" });
    const { createMs, pairMs } = await takeThrough({
      ...work,
      runs: Math.ceil(tasks / tasksPerRun),
      prefix: "measured",
    });
    await store.close();
    return { all: (tasks / (createMs + pairMs)) * 1000, pairs: (tasks / pairMs) * 1000 };
  });
}

/** The end of a first attempt with a small result. */
const success = {
  state: "success",
  error: null,
  wakeAt: null,
  awaits: null,
  replacesXComs: false,
  xcoms: [{ key: "return_value", format: "json", stored: "null", sizeBytes: 4 }],
  deletes: [],
  reads: [],
  performance: null,
} as const;

async function takeThrough(work: {
  readonly store: Store;
  readonly dagNo: number;
  readonly versionNo: number;
  readonly runs: number;
  readonly tasksPerRun: number;
  readonly groupSize: number;
  readonly prefix: string;
}): Promise<{ readonly createMs: number; readonly pairMs: number }> {
  const { store, runs, tasksPerRun, groupSize, prefix, dagNo, versionNo } = work;
  const at = Date.now();
  const began = performance.now();
  const places: { readonly runNo: number; readonly taskInstanceNo: number }[] = [];
  for (let first = 0; first < runs; first += 10) {
    const group = Array.from({ length: Math.min(10, runs - first) }, (_, index): Change => {
      const runId = `${prefix}_${first + index}`;
      const interval = { logicalDate: at, intervalStart: at, intervalEnd: at };
      return {
        kind: "createRun",
        dagNo,
        versionNo,
        runId,
        type: "manual",
        ...interval,
        params: null,
        conf: null,
        idempotencyKey: null,
        backfill: null,
        at,
      };
    });
    for (const run of await store.commit(group)) {
      if (run.status !== "created") throw new Error("not created");
      for (let taskNo = 0; taskNo < tasksPerRun; taskNo++)
        places.push({ runNo: run.runNo, taskInstanceNo: run.firstTaskInstanceNo + taskNo });
    }
  }
  const created = performance.now();
  const from = ["scheduled"] as const;
  for (let first = 0; first < places.length; first += groupSize) {
    // In the order in which an engine writes: what starts, then what ends.
    const group: Change[] = [];
    const ends: Change[] = [];
    const end = Math.min(first + groupSize, places.length);
    for (let index = first; index < end; index++) {
      const { runNo, taskInstanceNo } = places[index] as (typeof places)[number];
      const place = { taskInstanceNo, runNo, token: taskInstanceNo, attempt: 1, at };
      group.push({ kind: "startTask", ...place, from });
      ends.push({ kind: "finishTask", ...place, ...success });
    }
    group.push(...ends);
    const outcomes = await store.commit(group);
    if (outcomes.some(({ status }) => status !== "done")) throw new Error("not done");
  }
  return { createMs: created - began, pairMs: performance.now() - created };
}
