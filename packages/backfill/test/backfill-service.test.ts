import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { compareBackfillPlans, previewBackfill } from "../src/index.ts";
import { codeOf, minuteDag, miscounted, newFate, openedEngine, wishes } from "./opened.ts";

const ten = { from: "2026-01-01", to: "2026-01-10" } as const;
const day = (number: number): string => `2026-01-${String(number).padStart(2, "0")}`;
const days = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, place) => day(from + place));

describe("a backfill", () => {
  test("makes one run for each date, in order, as many at once as it may, and is completed with the last", async () => {
    const fate = newFate();
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const { backfills, test: engine, drive } = opened;
    const created = await drive(backfills.create("sales", ten, { maxActive: 3 }));
    expect(created).toMatchObject({ state: "running", total: 10, skipped: 0, maxActive: 3, dagId: "sales" });
    await engine.settle();
    const [first] = await opened.runs();
    expect(first).toMatchObject({
      runId: "backfill__2026-01-01T00:00:00Z",
      type: "backfill",
      intervalEnd: Date.UTC(2026, 0, 2),
    });
    for (let round = 0; round < 4; round++) {
      expect((await backfills.show(created.backfillId)).active).toBe(Math.min(3, 10 - 3 * round));
      expect(fate.begun).toEqual(days(1, Math.min(10, 3 * round + 3)));
      await engine.advance("61s");
    }
    expect(await backfills.show(created.backfillId)).toMatchObject({
      state: "completed",
      done: 10,
      success: 10,
      pending: 0,
      active: 0,
      etaMs: null,
    });
    const kinds = engine.events
      .filter(({ kind }) => kind.startsWith("backfill."))
      .map(({ kind, data }) => [kind, data]);
    const { backfillId } = created;
    expect(kinds).toEqual([
      ["backfill.created", { backfillId }],
      ["backfill.running", { backfillId }],
      ["backfill.progress", { backfillId, percent: 25, done: 3, total: 10, failed: 0 }],
      ["backfill.progress", { backfillId, percent: 50, done: 6, total: 10, failed: 0 }],
      ["backfill.progress", { backfillId, percent: 75, done: 9, total: 10, failed: 0 }],
      ["backfill.completed", { backfillId }],
    ]);
    expect(await miscounted(engine.store)).toEqual([]);
  });

  test("tells how fast it is and how long it will take", async () => {
    await using opened = await openedEngine({ dags: [minuteDag(newFate())] });
    const { backfillId } = await opened.drive(opened.backfills.create("sales", ten, { maxActive: 2 }));
    expect(await opened.backfills.show(backfillId)).toMatchObject({ runsPerHour: 0, etaMs: null });
    await opened.test.advance("60s");
    await opened.test.advance("60s");
    expect(await opened.backfills.show(backfillId)).toMatchObject({
      done: 4,
      pending: 4,
      active: 2,
      runsPerHour: 120,
      etaMs: 180_000,
    });
  });

  test("goes backward when it is told to, with params and conf of each date", async () => {
    const fate = newFate();
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const spec = {
      ...ten,
      order: "backward",
      params: ({ localDate }: { localDate: string }) => ({ day: localDate }),
      conf: { why: "late" },
    } as const;
    await opened.drive(opened.backfills.create("sales", spec, { maxActive: 1 }));
    await opened.test.advance("3m");
    expect(fate.begun.slice(0, 3)).toEqual([day(10), day(9), day(8)]);
    const [first] = await opened.runs();
    expect([first?.params, first?.conf]).toEqual(['{"day":"2026-01-10"}', '{"why":"late"}']);
  });

  test("holds the limit of its DAG too, and its own when that changes", async () => {
    await using opened = await openedEngine({ dags: [minuteDag(newFate(), { maxActiveRuns: 2 })] });
    const { backfills, test: engine } = opened;
    const { backfillId } = await opened.drive(backfills.create("sales", ten, { maxActive: 5 }));
    await engine.settle();
    const states = async () => (await opened.runs()).map(({ state }) => state);
    expect(await states()).toEqual(["running", "running", "queued", "queued", "queued"]);
    await opened.drive(backfills.setMaxActive(backfillId, 7));
    await engine.settle();
    expect(await states()).toHaveLength(7);
    await opened.drive(backfills.setMaxActive(backfillId, 1));
    await engine.advance("3m");
    expect((await backfills.show(backfillId)).active).toBe(1);
    expect(await codeOf(backfills.setMaxActive(backfillId, 0))).toBe("BACKFILL_OPTION_INVALID");
    await engine.advance("20m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 10 });
  });

  test("runs again what failed, in the same run, and leaves the rest", async () => {
    const fate = newFate();
    fate.failing.add(day(2)).add(day(3));
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const { backfills, test: engine } = opened;
    const first = await opened.drive(backfills.create("sales", { from: day(1), to: day(4) }));
    await engine.advance("61s");
    expect(await backfills.show(first.backfillId)).toMatchObject({ state: "completed", success: 2, failed: 2 });
    fate.failing.clear();
    fate.begun.length = 0;
    const second = await opened.drive(backfills.create("sales", { from: day(1), to: day(5), reprocess: "failed" }));
    expect(second).toMatchObject({ total: 5, skipped: 2 });
    await engine.advance("61s");
    expect([...fate.begun].sort()).toEqual([day(2), day(3), day(5)]);
    expect(await backfills.show(second.backfillId)).toMatchObject({ state: "completed", success: 3, failed: 0 });
    // What the first one's runs came to stays in its counters.
    expect(await backfills.show(first.backfillId)).toMatchObject({ success: 2, failed: 2 });
    const runs = await opened.runs();
    expect(runs).toHaveLength(5);
    expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(["success"]));
    const items = await backfills.items(second.backfillId);
    expect(items.map(({ action, runState }) => `${action} ${runState}`)).toEqual([
      "skip null",
      "reprocess success",
      "reprocess success",
      "skip null",
      "create success",
    ]);
  });

  test("passes over dates that got a run since it was planned", async () => {
    await using opened = await openedEngine({ dags: [minuteDag(newFate())] });
    const { backfills, test: engine, drive } = opened;
    const late = await drive(backfills.create("sales", { from: day(1), to: day(6) }, { maxActive: 1 }));
    await drive(backfills.pause(late.backfillId));
    await engine.advance("61s");
    // Somebody else makes the run of a date that is still to come.
    const row = await engine.store.dags.get("sales");
    const at = Date.UTC(2026, 0, 3);
    const settled = {
      kind: "createRun",
      dagNo: row?.dagNo ?? 0,
      versionNo: row?.versionNo ?? 0,
      type: "scheduled",
    } as const;
    const interval = { logicalDate: at, intervalStart: at, intervalEnd: at + 86_400_000, at } as const;
    const nothing = { params: null, conf: null, idempotencyKey: null, backfill: null } as const;
    const [made] = await engine.store.commit([
      { ...settled, runId: "scheduled__2026-01-03T00:00:00Z", ...interval, ...nothing },
    ]);
    expect(made?.status).toBe("created");
    await drive(backfills.resume(late.backfillId));
    await engine.advance("10m");
    expect(await backfills.show(late.backfillId)).toMatchObject({ state: "completed", success: 5, skipped: 1 });
    const [passed] = await backfills.items(late.backfillId, { states: ["skipped"] });
    expect(passed?.reason).toBe("in flight: run 'scheduled__2026-01-03T00:00:00Z' has begun since it was planned");
    expect(await miscounted(engine.store)).toEqual([]);
  });
});

describe("a backfill that is overtaken", () => {
  test("leaves a run alone that has failed since it was planned, unless failed ones are to be run again", async () => {
    for (const reprocess of ["none", "failed"] as const) {
      await using opened = await openedEngine({ dags: [minuteDag(newFate())] });
      const { backfills, test: engine, drive } = opened;
      const { backfillId } = await drive(
        backfills.create("sales", { from: day(1), to: day(3), reprocess }, { maxActive: 1 }),
      );
      await drive(backfills.pause(backfillId));
      await engine.advance("61s");
      const row = await engine.store.dags.get("sales");
      const at = Date.UTC(2026, 0, 2);
      const run = {
        dagNo: row?.dagNo ?? 0,
        versionNo: row?.versionNo ?? 0,
        type: "scheduled",
        runId: "scheduled__2",
      } as const;
      const about = {
        logicalDate: at,
        intervalStart: at,
        intervalEnd: at + 86_400_000,
        at,
        params: null,
        conf: null,
      } as const;
      const [made] = await engine.store.commit([
        { kind: "createRun", ...run, ...about, idempotencyKey: null, backfill: null },
      ]);
      const runNo = made?.status === "created" ? made.runNo : -1;
      await engine.store.commit([{ kind: "updateRun", runNo, from: ["queued"], to: "failed", note: null, at }]);
      await drive(backfills.resume(backfillId));
      await engine.advance("10m");
      const ended = reprocess === "none" ? { success: 2, skipped: 1 } : { success: 3, skipped: 0 };
      expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", ...ended });
      expect((await engine.store.runs.get(runNo))?.state).toBe(reprocess === "none" ? "failed" : "success");
    }
  });

  test("does not run again what another one has taken over", async () => {
    const fate = newFate();
    fate.failing.add(day(1));
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const { backfills, test: engine, drive } = opened;
    const first = await drive(backfills.create("sales", { from: day(1), to: day(1) }));
    await engine.advance("2m");
    await drive(backfills.create("sales", { from: day(1), to: day(1), reprocess: "failed" }));
    await engine.advance("2m");
    fate.failing.clear();
    fate.begun.length = 0;
    await drive(backfills.retryFailed(first.backfillId));
    await engine.advance("10m");
    expect(fate.begun).toEqual([]);
    expect(await backfills.show(first.backfillId)).toMatchObject({ state: "completed", failed: 1 });
  });
});

describe("an engine that starts", () => {
  test("cancels what was being prepared, and finishes what was being cancelled", async () => {
    const database = memoryDatabase();
    const sales = minuteDag(newFate());
    let backfillId = "";
    {
      await using opened = await openedEngine({ dags: [sales], store: memoryStore({ database }) });
      const { store } = opened.test;
      ({ backfillId } = await opened.drive(opened.backfills.create("sales", ten, { maxActive: 2 })));
      await opened.test.settle();
      const { dagNo = 0 } = (await store.dags.get("sales")) ?? {};
      const spec = JSON.stringify((await opened.backfills.show(backfillId)).spec);
      const { backfillNo = -1 } = (await store.backfills.find(backfillId)) ?? {};
      const wish = {
        kind: "putState",
        namespace: "millrace/backfills/cancel",
        key: String(backfillNo),
        value: "0",
        at: 0,
      } as const;
      await store.commit([{ kind: "createBackfill", backfillId: "half", dagNo, spec, maxActive: 1, at: 0 }, wish]);
    }
    await using opened = await openedEngine({ dags: [sales], store: memoryStore({ database }) });
    const { backfills, test: engine, drive } = opened;
    await engine.advance("1h");
    expect(await backfills.show("half")).toMatchObject({
      state: "cancelled",
      note: expect.stringContaining("cut off"),
    });
    expect(await backfills.show(backfillId)).toMatchObject({ state: "cancelled", cancelled: 2, active: 0, pending: 8 });
    expect(await wishes(engine.store)).toEqual([]);
    const again = await drive(backfills.create("sales", { from: day(3), to: day(4) }, { backfillId: "half" }));
    expect(again.backfillId).toBe("half.2");
  });
});

describe("a backfill of a DAG that depends on its past", () => {
  test("begins without a past, goes on date by date, and waits at a failed one until somebody mends it", async () => {
    const fate = newFate();
    fate.failing.add(day(3));
    await using opened = await openedEngine({ dags: [minuteDag(fate, { dependsOnPast: true })] });
    const { backfills, test: engine, drive } = opened;
    const { backfillId } = await drive(
      backfills.create("sales", { from: day(1), to: day(6), reprocess: "failed" }, { maxActive: 2 }),
    );
    await engine.advance("1h");
    expect(fate.begun).toEqual(days(1, 3));
    expect(await backfills.show(backfillId)).toMatchObject({
      state: "running",
      success: 2,
      failed: 1,
      active: 2,
      pending: 1,
    });
    fate.failing.clear();
    await drive(engine.engine.retry("sales", "backfill__2026-01-03T00:00:00Z"));
    await engine.advance("1h");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 6, failed: 0 });
    expect(fate.begun).toEqual([...days(1, 3), ...days(3, 6)]);
    expect(await miscounted(engine.store)).toEqual([]);
  });
});

describe("a backfill that somebody stops", () => {
  test("makes no run while it is paused, and goes on where it was", async () => {
    const fate = newFate();
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const { backfills, test: engine, drive } = opened;
    const { backfillId } = await drive(backfills.create("sales", ten, { maxActive: 2 }));
    await engine.settle();
    expect(await drive(backfills.pause(backfillId))).toMatchObject({ state: "paused", active: 2, pending: 8 });
    await engine.advance("1h");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "paused", active: 0, success: 2, pending: 8 });
    expect(await drive(backfills.pause(backfillId))).toMatchObject({ state: "paused" });
    expect(await drive(backfills.resume(backfillId))).toMatchObject({ state: "running" });
    expect(await drive(backfills.resume(backfillId))).toMatchObject({ state: "running" });
    await engine.advance("10m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 10 });
    expect(fate.begun).toEqual(days(1, 10));
    expect(await codeOf(drive(backfills.pause(backfillId)))).toBe("BACKFILL_STATE");
    expect(await codeOf(drive(backfills.resume(backfillId)))).toBe("BACKFILL_STATE");
  });

  test("cancels what is active and never begins the rest, unless what is active is to go on", async () => {
    for (const keepRunning of [false, true]) {
      await using opened = await openedEngine({ dags: [minuteDag(newFate())] });
      const { backfills, test: engine, drive } = opened;
      const { backfillId } = await drive(backfills.create("sales", ten, { maxActive: 2 }));
      await engine.advance("61s");
      expect(await drive(backfills.cancel(backfillId, { keepRunning }))).toMatchObject({ state: "cancelled" });
      await engine.advance("1h");
      const ended = keepRunning ? { success: 4, cancelled: 0 } : { success: 2, cancelled: 2 };
      expect(await backfills.show(backfillId)).toMatchObject({
        state: "cancelled",
        pending: 6,
        active: 0,
        etaMs: null,
        ...ended,
      });
      expect(await drive(backfills.cancel(backfillId, { keepRunning }))).toMatchObject({ state: "cancelled" });
      expect(await codeOf(drive(backfills.resume(backfillId)))).toBe("BACKFILL_STATE");
      expect(await codeOf(drive(backfills.retryFailed(backfillId)))).toBe("BACKFILL_STATE");
      expect(await wishes(engine.store)).toEqual([]);
    }
  });

  test("has its failed runs run again, never more at once than it may", async () => {
    const fate = newFate();
    for (const date of [2, 3, 5, 7, 9].map(day)) fate.failing.add(date);
    await using opened = await openedEngine({ dags: [minuteDag(fate)] });
    const { backfills, test: engine, drive } = opened;
    const { backfillId } = await drive(backfills.create("sales", ten, { maxActive: 2 }));
    await engine.advance("10m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", failed: 5 });
    fate.failing.clear();
    fate.failing.add(day(9));
    expect(await drive(backfills.retryFailed(backfillId))).toMatchObject({ state: "running" });
    await engine.settle();
    expect((await backfills.show(backfillId)).active).toBe(2);
    await engine.advance("10m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 9, failed: 1 });
    fate.failing.clear();
    await drive(backfills.retryFailed(backfillId));
    await engine.advance("10m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 10, failed: 0 });
    expect(await codeOf(drive(backfills.retryFailed(backfillId)))).toBe("BACKFILL_NOTHING_FAILED");
    expect(await miscounted(engine.store)).toEqual([]);
  });

  test("waits with a note when its DAG is gone, until somebody resumes it", async () => {
    const fate = newFate();
    const sales = minuteDag(fate);
    await using opened = await openedEngine({ dags: [sales] });
    const { backfills, test: engine, drive } = opened;
    const { backfillId } = await drive(backfills.create("sales", ten, { maxActive: 1 }));
    await engine.settle();
    await drive(engine.engine.replaceDags({ remove: ["sales"] }));
    await engine.advance("5m");
    const paused = await backfills.show(backfillId);
    expect(paused).toMatchObject({ state: "paused", success: 1 });
    expect(paused.note).toContain("DAG_NOT_FOUND");
    await drive(engine.engine.replaceDags({ put: [sales] }));
    await drive(backfills.resume(backfillId));
    await engine.advance("15m");
    expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: 10, note: null });
  });
});

describe("a backfill is refused", () => {
  test("when the preview that was agreed to does not hold any more, which is told", async () => {
    const fate = newFate();
    const sales = minuteDag(fate);
    await using opened = await openedEngine({ dags: [sales] });
    const { backfills, test: engine, drive } = opened;
    const preview = () => previewBackfill(sales, ten, { store: engine.store, clock: engine.clock });
    const before = await preview();
    await drive(backfills.create(sales, { from: day(4), to: day(5) }));
    await engine.settle();
    const stale = drive(backfills.create(sales, ten, { expect: before }));
    await expect(stale).rejects.toMatchObject({
      code: "BACKFILL_STALE",
      message: expect.stringContaining(
        "2026-01-04T00:00:00Z was create and is skip, 2026-01-05T00:00:00Z was create and is skip",
      ),
    });
    expect(await codeOf(drive(backfills.create(sales, ten, { expect: before.digest })))).toBe("BACKFILL_STALE");
    const after = await preview();
    expect(
      compareBackfillPlans(before, after).map(({ logicalDate, before: was, after: is }) => [
        String(logicalDate),
        was,
        is,
      ]),
    ).toEqual([
      ["2026-01-04T00:00:00Z", "create", "skip"],
      ["2026-01-05T00:00:00Z", "create", "skip"],
    ]);
    expect(await drive(backfills.create(sales, ten, { expect: after }))).toMatchObject({ total: 10, skipped: 2 });
  });

  test("when another one of the DAG has one of its dates; dates that differ do not disturb", async () => {
    await using opened = await openedEngine({ dags: [minuteDag(newFate()), minuteDag(newFate(), {}, "stock")] });
    const { backfills, test: engine, drive } = opened;
    const first = await drive(backfills.create("sales", ten, { maxActive: 1 }));
    await expect(drive(backfills.create("sales", { from: day(9), to: day(12) }))).rejects.toMatchObject({
      code: "BACKFILL_CONFLICT",
      message: expect.stringContaining(first.backfillId),
    });
    await drive(backfills.create("sales", { from: day(11), to: day(12) }));
    await drive(backfills.create("stock", ten));
    await drive(backfills.cancel(first.backfillId));
    await drive(backfills.create("sales", { from: day(2), to: day(10), reprocess: "failed" }));
    await engine.advance("30m");
    const states = (await backfills.list()).map(({ dagId, state, success }) => `${dagId} ${state} ${success}`);
    expect(states).toEqual([
      "sales completed 9",
      "stock completed 10",
      "sales completed 2",
      "sales cancelled 0",
      "sales cancelled 0",
    ]);
    expect((await backfills.list({ dagId: "stock", states: ["completed"] })).length).toBe(1);
  });

  test("when nothing is to be done, there is no such DAG, or no such backfill", async () => {
    await using opened = await openedEngine({ dags: [minuteDag(newFate())] });
    const { backfills, drive } = opened;
    expect(await codeOf(drive(backfills.create("sales", { ...ten, only: ["2025-01-01"] })))).toBe("BACKFILL_EMPTY");
    expect(await codeOf(drive(backfills.create("other", ten)))).toBe("DAG_NOT_FOUND");
    expect(await codeOf(drive(backfills.create("sales", ten, { maxActive: 0.5 })))).toBe("BACKFILL_OPTION_INVALID");
    expect(await codeOf(drive(backfills.create("sales", ten, { backfillId: "../x" })))).toBe("BACKFILL_OPTION_INVALID");
    const steps: readonly ((backfillId: string) => Promise<unknown>)[] = [
      ...[backfills.show, backfills.pause, backfills.resume, backfills.cancel, backfills.retryFailed],
      backfills.items,
    ];
    for (const step of steps) expect(await codeOf(drive(step("none")))).toBe("BACKFILL_NOT_FOUND");
    expect(await backfills.list()).toEqual([]);
  });
});
