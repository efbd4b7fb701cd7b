import { describe, expect, test } from "vitest";
import type { Change, Store } from "./contract.ts";
import { memoryDatabase, memoryStore } from "./memory-store.ts";

const at = 1_000;

async function withRun(taskIds: readonly string[]): Promise<{ store: Store; runNo: number; first: number }> {
  const store = memoryStore();
  await store.open("engine");
  const [dag] = await store.commit([
    {
      kind: "registerDag",
      dagId: "d",
      fingerprint: "f1",
      snapshot: "{}",
      bundle: null,
      taskIds,
      paused: false,
      startDate: null,
      startDateIsRelative: false,
      at,
    },
  ]);
  if (dag?.status !== "registered") throw new Error("not registered");
  const [run] = await store.commit([
    {
      kind: "createRun",
      dagNo: dag.dagNo,
      versionNo: dag.versionNo,
      runId: "r1",
      type: "manual",
      logicalDate: 0,
      intervalStart: 0,
      intervalEnd: 0,
      params: null,
      conf: null,
      idempotencyKey: null,
      backfill: null,
      at,
    },
  ]);
  if (run?.status !== "created") throw new Error("not created");
  return { store, runNo: run.runNo, first: run.firstTaskInstanceNo };
}

describe("memoryStore", () => {
  test("a run's task instances have consecutive numbers in the order of its tasks", async () => {
    const { store, runNo, first } = await withRun(["a", "b"]);
    const rows = await store.tasks.ofRun(runNo);
    expect(rows.map((row) => [row.taskInstanceNo - first, row.taskId, row.state])).toEqual([
      [0, "a", "scheduled"],
      [1, "b", "scheduled"],
    ]);
  });

  test("a stale token changes nothing", async () => {
    const { store, runNo, first } = await withRun(["a"]);
    const start = {
      kind: "startTask",
      taskInstanceNo: first,
      runNo,
      from: ["scheduled"],
      token: 7,
      attempt: 1,
      at,
    } as const;
    const finish = (token: number): Change => ({
      kind: "finishTask",
      taskInstanceNo: first,
      runNo,
      token,
      attempt: 1,
      state: "success",
      error: null,
      wakeAt: null,
      awaits: null,
      replacesXComs: true,
      xcoms: [{ key: "return_value", format: "json", stored: String(token), sizeBytes: 1 }],
      deletes: [],
      reads: [],
      performance: null,
      at,
    });
    const outcomes = await store.commit([start, finish(6), finish(7), finish(7)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["done", "refused", "done", "refused"]);
    expect((await store.xcoms.get({ taskInstanceNo: first, key: "return_value" }))?.stored).toBe("7");
  });

  test("a group that fails leaves nothing of itself", async () => {
    const { store, runNo, first } = await withRun(["a"]);
    const before = await store.events.list({});
    const start = {
      kind: "startTask",
      taskInstanceNo: first,
      runNo,
      from: ["scheduled"],
      token: 7,
      attempt: 1,
      at,
    } as const;
    await expect(store.commit([start, { kind: "unknown" } as unknown as Change])).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    expect((await store.tasks.get(first))?.state).toBe("scheduled");
    expect(await store.events.list({})).toEqual(before);
  });

  test("stores on one database are like connections to one file", async () => {
    const database = memoryDatabase();
    const [first, second, reader] = [memoryStore({ database }), memoryStore({ database }), memoryStore({ database })];
    expect(await first.open("engine")).toEqual({ epoch: 1 });
    await expect(second.open("engine")).rejects.toMatchObject({ code: "STORE_LOCKED" });
    expect(await reader.open("reader")).toEqual({ epoch: 0 });
    await first.commit([{ kind: "putSetting", key: "k", value: "v", at }]);
    expect(await reader.settings.get("k")).toBe("v");
    database.crash();
    await expect(first.commit([])).rejects.toMatchObject({ code: "STORE_CLOSED" });
    expect(await second.open("engine")).toEqual({ epoch: 2 });
  });
});
