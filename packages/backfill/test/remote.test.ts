import { isPluginManifest, memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { createTestEngine } from "@millrace/testing";
import { expect, test } from "vitest";
import { backfillService, backfills, manifest, readBackfills, remoteBackfills } from "../src/index.ts";
import { codeOf, minuteDag, miscounted, newFate, openedEngine } from "./opened.ts";

const ten = { from: "2026-01-01", to: "2026-01-10" } as const;

async function openedWithClient() {
  const database = memoryDatabase();
  const sales = minuteDag(newFate());
  const opened = await openedEngine({ dags: [sales], store: memoryStore({ database }) });
  const { clock, engine } = opened.test;
  const store = memoryStore({ database });
  await store.open("client");
  const remote = remoteBackfills({ store, home: "/nowhere", clock, patienceMs: 5_000 });
  /** Asks, has the engine answer, and lets the answer come. */
  const asked = async <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => undefined);
    await clock.settle();
    await engine.answerRequests();
    return clock.drive(promise);
  };
  return { ...opened, sales, store, remote, asked, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

test("another process does all that the engine's own can", async () => {
  await using opened = await openedWithClient();
  const { remote, asked, test: engine, store } = opened;
  const spec = { ...ten, skip: ["2026-01-02", { dates: ["2026-01-03"], name: "days.txt" }], conf: { why: "late" } };
  const { backfillId, ...created } = await asked(remote.create("sales", spec, { maxActive: 2 }));
  expect(created).toMatchObject({ state: "running", total: 10, skipped: 2, maxActive: 2 });
  expect(created.spec).toMatchObject({ from: "2026-01-01", to: "2026-01-10", skip: ["2026-01-02", "in days.txt"] });
  expect(await asked(remote.pause(backfillId))).toMatchObject({ state: "paused" });
  expect(await asked(remote.setMaxActive(backfillId, 3))).toMatchObject({ maxActive: 3 });
  expect(await asked(remote.resume(backfillId))).toMatchObject({ state: "running" });
  await engine.advance("10m");
  expect(await remote.show(backfillId)).toMatchObject({ state: "completed", success: 8 });
  expect(await asked(codeOf(remote.retryFailed(backfillId)))).toBe("BACKFILL_NOTHING_FAILED");
  expect((await remote.items(backfillId, { states: ["skipped"] })).map(({ itemNo }) => itemNo)).toEqual([1, 2]);
  const second = await asked(remote.create(opened.sales, { ...ten, reprocess: "completed" }, { maxActive: 1 }));
  expect(await asked(remote.cancel(second.backfillId, { keepRunning: true }))).toMatchObject({ state: "cancelled" });
  expect((await readBackfills(store, engine.clock).list()).map((row) => row.backfillId)).toEqual([
    second.backfillId,
    backfillId,
  ]);
  await engine.advance("10m");
  expect(await miscounted(store)).toEqual([]);
});

test("asking for a backfill again, because the answer was lost, gives the same one", async () => {
  await using opened = await openedWithClient();
  const { remote, asked } = opened;
  const first = await asked(remote.create("sales", ten, { backfillId: "january" }));
  const again = await asked(remote.create("sales", ten, { backfillId: "january" }));
  expect([first.backfillId, again.backfillId]).toEqual(["january", "january"]);
  expect(await remote.list()).toHaveLength(1);
});

test("what cannot be sent is refused before it is, and what should not have been sent by the engine", async () => {
  await using opened = await openedWithClient();
  const { remote, asked, store, test: engine } = opened;
  const invalid = "BACKFILL_OPTION_INVALID";
  expect(await codeOf(remote.create("sales", { ...ten, skip: [() => true] }))).toBe(invalid);
  expect(await codeOf(remote.create("sales", { ...ten, only: [{ has: () => true }] }))).toBe(invalid);
  expect(await codeOf(remote.create("sales", { ...ten, params: () => ({}) }))).toBe(invalid);
  expect(await asked(codeOf(remote.create("sales", { ...ten, order: "sideways" as never })))).toBe(invalid);
  expect(await asked(codeOf(remote.create("sales", ten, { maxActive: 0 })))).toBe(invalid);
  expect(await asked(codeOf(remote.create("other", ten)))).toBe("DAG_NOT_FOUND");
  expect(await asked(codeOf(remote.create("sales", ten, { expect: "0123456789abcdef" })))).toBe("BACKFILL_STALE");
  expect(await asked(codeOf(remote.pause("none")))).toBe("BACKFILL_NOT_FOUND");
  expect(await asked(codeOf(remote.pause(5 as never)))).toBe(invalid);
  for (const payload of ["{}", "[]", "null", '{"backfillId":{}}', '{"backfillId":"x","more":1}']) {
    const request = { kind: "fileRequest", requestId: payload, operation: "backfill.cancel", payload, at: 0 } as const;
    const [filed] = await store.commit([request]);
    await asked(Promise.resolve());
    const requestNo = filed?.status === "filed" ? filed.requestNo : -1;
    expect((await store.requests.get(requestNo))?.answer).toMatch(/BACKFILL_OPTION_INVALID|REQUEST_INVALID/);
  }
  expect(await engine.store.backfills.list({})).toEqual([]);
});

test("an engine without the service says so; one that is not to work leaves the runs to the next", async () => {
  const database = memoryDatabase();
  const sales = minuteDag(newFate());
  {
    await using none = await createTestEngine({ dags: [sales], store: memoryStore({ database }) });
    expect(() => backfills(none.engine)).toThrow(expect.objectContaining({ code: "BACKFILL_SERVICE_MISSING" }));
  }
  const services = [backfillService({ work: false })];
  let backfillId = "";
  {
    await using idle = await openedEngine({ dags: [sales], store: memoryStore({ database }), services });
    ({ backfillId } = await idle.drive(idle.backfills.create("sales", ten)));
    await idle.test.advance("1h");
    expect(await idle.backfills.show(backfillId)).toMatchObject({ state: "running", pending: 10 });
  }
  await using works = await openedEngine({ dags: [sales], store: memoryStore({ database }) });
  await works.test.advance("5m");
  expect(await works.backfills.show(backfillId)).toMatchObject({ state: "completed", success: 10 });
});

test("a config file can name it", async () => {
  expect(isPluginManifest(manifest)).toBe(true);
  const service = manifest.create({}, { home: "/home", baseDir: "/", env: {} });
  expect([manifest.kind, service.name]).toEqual(["service", "backfills"]);
  expect((await manifest.options["~standard"].validate({ workers: 5 })).issues).toBeDefined();
});
