import { join } from "node:path";
import { expect, test } from "vitest";
import { noon, scratchFolder, storeAt } from "../test/scratch.ts";
import { check } from "./check.ts";
import type { DatabaseSync } from "./node-sqlite.ts";

test("a full disk refuses the whole group, keeps what was there, and is over when there is room", async () => {
  const path = join(scratchFolder(), "millrace.db");
  let db: DatabaseSync | undefined;
  const store = storeAt(path, {
    onConnect: (connection) => {
      db = connection;
    },
  });
  await store.open("engine");
  const put = (key: string, sizeBytes: number) =>
    ({ kind: "putSetting", key, value: "x".repeat(sizeBytes), at: noon }) as const;
  await store.commit([put("kept", 10)]);
  // The disk has room for no more than a few pages.
  const pages = Number(db?.prepare("PRAGMA page_count").get()?.page_count);
  db?.exec(`PRAGMA max_page_count = ${pages + 4}`);
  await expect(store.commit([put("small", 10), put("large", 1_000_000)])).rejects.toMatchObject({
    code: "STORE_FULL",
    message: expect.stringContaining(path),
  });
  expect(await store.settings.get("kept")).toBe("x".repeat(10));
  expect(await store.settings.get("small")).toBeUndefined();
  await store.commit([put("small", 10)]);
  db?.exec("PRAGMA max_page_count = 100000");
  await store.commit([put("large", 1_000_000)]);
  await store.close();
  expect((await check({ path })).problems).toEqual([]);
});

test("numbers of runs and events go on as if the group that found no room had never been", async () => {
  const path = join(scratchFolder(), "millrace.db");
  let db: DatabaseSync | undefined;
  const store = storeAt(path, {
    onConnect: (connection) => {
      db = connection;
    },
  });
  await store.open("engine");
  const taskIds = ["a", "b"];
  const registerDag = {
    kind: "registerDag",
    dagId: "d",
    fingerprint: "f",
    snapshot: "{}",
    bundle: null,
    taskIds,
    paused: false,
    startDate: null,
    startDateIsRelative: false,
    at: noon,
  } as const;
  const [dag] = await store.commit([registerDag]);
  if (dag?.status !== "registered") return expect.unreachable("not registered");
  const { dagNo, versionNo } = dag;
  const dates = { logicalDate: noon, intervalStart: noon, intervalEnd: noon };
  const run = (runId: string, conf: string | null) =>
    ({
      kind: "createRun",
      dagNo,
      versionNo,
      runId,
      type: "manual",
      ...dates,
      params: null,
      conf,
      idempotencyKey: null,
      backfill: null,
      at: noon,
    }) as const;
  const pages = Number(db?.prepare("PRAGMA page_count").get()?.page_count);
  db?.exec(`PRAGMA max_page_count = ${pages + 4}`);
  await expect(store.commit([run("r1", null), run("r2", "x".repeat(1_000_000))])).rejects.toMatchObject({
    code: "STORE_FULL",
  });
  const outcomes = await store.commit([run("r1", null), run("r2", null)]);
  expect(outcomes).toMatchObject([
    { status: "created", runNo: 1, firstTaskInstanceNo: 1, eventSeq: 2 },
    { status: "created", runNo: 2, firstTaskInstanceNo: 3, eventSeq: 3 },
  ]);
  expect((await store.events.list({ runNo: 2 })).map(({ seq }) => seq)).toEqual([3]);
});
