import { expect } from "vitest";
import { countsOf, expectTrueCounters, withBackfill } from "./backfill-place.ts";
import { addItems, createBackfill, moveBackfill, noon, registerDag, updateRun } from "./changes.ts";
import { apply, openEngine, type StoreCase } from "./store-case.ts";

const nothing = { total: 0, skipped: 0, started: 0, active: 0, success: 0, failed: 0, cancelled: 0, nextItem: 0 };

/** Backfills themselves: how they are made, moved, listed and removed. */
export const backfillCases: readonly StoreCase[] = [
  {
    name: "a new backfill is being prepared, has no items, and is told in one event",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const change = createBackfill({ backfillId: "b1", dagNo, spec: '{"from":"x"}', maxActive: 7, at: noon + 1 });
      const { backfillNo, dagId, eventSeq } = await apply(store, change, "backfillCreated");
      expect(dagId).toBe("sales");
      const row = {
        ...{ backfillNo, backfillId: "b1", dagNo, dagId: "sales", state: "preparing", spec: '{"from":"x"}' },
        ...{ maxActive: 7, note: null, createdAt: noon + 1, startedAt: null, endedAt: null },
        ...nothing,
      };
      expect(await store.backfills.get(backfillNo)).toEqual(row);
      expect(await store.backfills.find("b1")).toEqual(row);
      expect(await store.backfills.list({})).toEqual([row]);
      expect(await store.backfills.items({ backfillNo })).toEqual([]);
      expect((await store.events.list({})).at(-1)).toEqual({
        ...{ seq: eventSeq, at: noon + 1, kind: "backfill.created", dagId: "sales", runNo: null },
        ...{ taskInstanceNo: null, attempt: null, data: '{"backfillId":"b1"}' },
      });
      expect(await store.backfills.get(backfillNo + 1)).toBeUndefined();
      expect(await store.backfills.find("B1")).toBeUndefined();
    },
  },
  {
    name: "a backfill whose id is taken, of no DAG, or with no room for a run is refused",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(store, createBackfill({ backfillId: "b1", dagNo }), "backfillCreated");
      const before = await store.events.last();
      await apply(store, createBackfill({ backfillId: "b1", dagNo: other.dagNo }), "refused");
      await apply(store, createBackfill({ backfillId: "b2", dagNo: other.dagNo + 1_000 }), "refused");
      await apply(store, createBackfill({ backfillId: "b2", dagNo, maxActive: 0 }), "refused");
      expect(await store.backfills.list({})).toHaveLength(1);
      expect(await store.events.last()).toBe(before);
      const limit = (maxActive: number, no: number) =>
        ({ kind: "setBackfillLimit", backfillNo: no, maxActive, at: noon }) as const;
      const [row] = await store.backfills.list({});
      const backfillNo = row?.backfillNo as number;
      expect(await apply(store, limit(5, backfillNo), "done")).toEqual({ status: "done", eventSeq: 0 });
      expect(await store.backfills.get(backfillNo)).toEqual({ ...row, maxActive: 5 });
      await apply(store, limit(0, backfillNo), "refused");
      await apply(store, limit(1, backfillNo + 1), "refused");
      expect((await store.backfills.get(backfillNo))?.maxActive).toBe(5);
    },
  },
  {
    name: "items are added in pages that follow one another, while the backfill is being prepared",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const { backfillNo } = await apply(store, createBackfill({ backfillId: "b1", dagNo }), "backfillCreated");
      const skip = { action: "skip", reason: "a holiday" } as const;
      await apply(store, addItems(backfillNo, [skip, skip]), "done");
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 2, skipped: 2, nextItem: 2 });
      await apply(store, addItems(backfillNo, []), "done");
      for (const first of [1, 3, 0]) await apply(store, addItems(backfillNo, [{}], first), "refused");
      await apply(store, addItems(backfillNo, [{}, { itemNo: 4 }], 2), "refused");
      await apply(store, addItems(backfillNo + 1, [{}]), "refused");
      const full = {
        ...{
          logicalDate: -5,
          intervalStart: -5,
          intervalEnd: 9,
          action: "reprocess" as const,
          reason: "it had failed",
        },
        ...{ params: '{"p":1}', conf: '{"c":2}' },
      };
      await apply(store, addItems(backfillNo, [skip, full, {}, skip], 2), "done");
      await apply(store, addItems(backfillNo, [{}], 6), "done");
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 7, skipped: 4, nextItem: 3 });
      const items = await store.backfills.items({ backfillNo });
      expect(items.map(({ itemNo }) => itemNo)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(items[3]).toEqual({ backfillNo, itemNo: 3, ...full, runNo: null, runId: null, runState: null });
      expect(items[2]).toMatchObject({ ...skip, logicalDate: 2, intervalStart: 2, intervalEnd: 3, params: null });
      await apply(store, moveBackfill(backfillNo, "running"), "done");
      await apply(store, addItems(backfillNo, [{}], 7), "refused");
      expect(await store.backfills.items({ backfillNo })).toEqual(items);
    },
  },
  {
    name: "10,000 items are added at once and no more, and listed by page",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const { backfillNo } = await apply(store, createBackfill({ backfillId: "b1", dagNo }), "backfillCreated");
      await apply(store, addItems(backfillNo, Array(10_001).fill({})), "refused");
      expect(await store.backfills.items({ backfillNo })).toEqual([]);
      await apply(store, addItems(backfillNo, Array(10_000).fill({})), "done");
      await apply(store, addItems(backfillNo, [{}], 10_000), "done");
      const numbers = async (query: { after?: number; limit?: number }) =>
        (await store.backfills.items({ backfillNo, ...query })).map(({ itemNo }) => itemNo);
      expect((await store.backfills.get(backfillNo))?.total).toBe(10_001);
      expect(await numbers({})).toHaveLength(1_000);
      expect(await numbers({ limit: 1_000_000 })).toHaveLength(10_000);
      expect(await numbers({ after: 9_998 })).toEqual([9_999, 10_000]);
      expect(await numbers({ after: -1, limit: 2 })).toEqual([0, 1]);
      expect(await numbers({ limit: 0 })).toEqual([]);
    },
  },
  {
    name: "a backfill moves only from the states named, and its instants and its note follow",
    async run(place) {
      const { store, backfillNo } = await withBackfill(place, []);
      await apply(store, moveBackfill(backfillNo, "paused", { from: ["preparing", "paused"] }), "refused");
      await apply(store, moveBackfill(backfillNo, "paused", { from: [] }), "refused");
      await apply(store, moveBackfill(backfillNo + 1_000, "paused"), "refused");
      const states: unknown[] = [];
      for (const [to, offset] of [
        ["paused", 1],
        ["running", 2],
        ["completed", 3],
        ["running", 4],
        ["cancelled", 5],
      ] as const) {
        const note = to === "paused" ? "by ada" : null;
        await apply(store, moveBackfill(backfillNo, to, { note, at: noon + offset }), "done");
        const row = await store.backfills.get(backfillNo);
        states.push([row?.state, row?.note, (row?.startedAt ?? 0) - noon, row?.endedAt && row.endedAt - noon]);
      }
      expect(states).toEqual([
        ["paused", "by ada", 0, null],
        ["running", null, 0, null],
        ["completed", null, 0, 3],
        ["running", null, 0, null],
        ["cancelled", null, 0, 5],
      ]);
    },
  },
  {
    name: "each move of a backfill is told, with its id, its DAG and its note",
    async run(place) {
      const { store, backfillNo } = await withBackfill(place, []);
      const before = await store.events.last();
      const backfill = { backfillId: "b1", dagId: "sales" };
      const paused = await apply(store, moveBackfill(backfillNo, "paused", { note: "by ada", at: noon + 1 }), "done");
      expect(paused).toEqual({ status: "done", eventSeq: paused.eventSeq, backfill });
      await apply(store, moveBackfill(backfillNo, "running"), "done");
      await apply(store, moveBackfill(backfillNo, "completed"), "done");
      await apply(store, moveBackfill(backfillNo, "cancelled"), "done");
      const told = await store.events.list({ after: before });
      expect(told[0]).toEqual({
        ...{ seq: paused.eventSeq, at: noon + 1, kind: "backfill.paused", dagId: "sales", runNo: null },
        ...{ taskInstanceNo: null, attempt: null, data: '{"backfillId":"b1","note":"by ada"}' },
      });
      expect(told.slice(1).map(({ kind, dagId, data }) => [kind, dagId, data])).toEqual(
        ["running", "completed", "cancelled"].map((to) => [`backfill.${to}`, "sales", '{"backfillId":"b1"}']),
      );
    },
  },
  {
    name: "a backfill is completed only when no item is left and no run is active",
    async run(place) {
      const { store, backfillNo, take } = await withBackfill(place, [{}, { action: "skip" }]);
      const complete = moveBackfill(backfillNo, "completed");
      await apply(store, complete, "refused");
      const runNo = await take(0);
      await apply(store, complete, "refused");
      await apply(store, updateRun({ runNo, to: "running" }), "done");
      await apply(store, complete, "refused");
      expect((await store.backfills.get(backfillNo))?.state).toBe("running");
      // In one group: the end of the last run is seen by what comes behind it.
      const outcomes = await store.commit([complete, updateRun({ runNo, to: "failed" }), complete]);
      expect(outcomes.map(({ status }) => status)).toEqual(["refused", "done", "done"]);
    },
  },
  {
    name: "backfills of a DAG that are under way share no date that is not skipped; the refusal names the other one",
    async run(place) {
      const { store, backfillNo, another } = await withBackfill(place, [{}, {}, { action: "skip" }, {}]);
      const refusal = async (no: number) => {
        const outcome = await apply(store, moveBackfill(no, "running"), "refused");
        return outcome.reason;
      };
      const dates = (...logicalDates: number[]) => logicalDates.map((logicalDate) => ({ logicalDate }));
      const same = await another("same", dates(7, 3, 1));
      expect(await refusal(same)).toContain("'b1'");
      expect(await refusal(same)).toContain("1970-01-01T00:00:00.001Z");
      await apply(store, moveBackfill(same, "paused"), "refused");
      expect((await store.backfills.get(same))?.state).toBe("preparing");
      await apply(store, moveBackfill(await another("apart", dates(2, 8)), "running"), "done");
      await apply(
        store,
        moveBackfill(await another("skips", [{ action: "skip" }, { logicalDate: 9 }]), "running"),
        "done",
      );
      // Of a paused one the dates are its own too, of one that has ended they are free.
      await apply(store, moveBackfill(backfillNo, "paused"), "done");
      expect(await refusal(same)).toContain("'b1'");
      await apply(store, moveBackfill(backfillNo, "cancelled"), "done");
      await apply(store, moveBackfill(same, "running"), "done");
      expect(await refusal(backfillNo)).toContain("'same'");
      await apply(store, moveBackfill(same, "paused"), "done");
      await apply(store, moveBackfill(same, "running"), "done");
      await apply(store, moveBackfill(same, "cancelled"), "done");
      await apply(store, moveBackfill(backfillNo, "running"), "done");
    },
  },
  {
    name: "backfills of different DAGs may have the same dates",
    async run(place) {
      const { store } = await withBackfill(place);
      const { dagNo } = await apply(store, registerDag({ dagId: "other" }), "registered");
      const { backfillNo } = await apply(store, createBackfill({ backfillId: "b2", dagNo }), "backfillCreated");
      await apply(store, addItems(backfillNo, [{}]), "done");
      await apply(store, moveBackfill(backfillNo, "running"), "done");
    },
  },
  {
    name: "backfills are listed newest first, by page, DAG and state",
    async run(place) {
      const { store, backfillNo: b1, another } = await withBackfill(place, []);
      const b2 = await another("b2", []);
      const { dagNo } = await apply(store, registerDag({ dagId: "other" }), "registered");
      const { backfillNo: o1 } = await apply(store, createBackfill({ backfillId: "o1", dagNo }), "backfillCreated");
      await apply(store, moveBackfill(o1, "cancelled"), "done");
      const list = async (filter: Parameters<typeof store.backfills.list>[0]) =>
        (await store.backfills.list(filter)).map(({ backfillId }) => backfillId);
      expect(await list({})).toEqual(["o1", "b2", "b1"]);
      expect(await list({ limit: 1 })).toEqual(["o1"]);
      expect(await list({ before: b2 })).toEqual(["b1"]);
      expect(await list({ before: b1 })).toEqual([]);
      expect(await list({ dagId: "sales" })).toEqual(["b2", "b1"]);
      expect(await list({ dagId: "sales", states: ["preparing"], before: o1, limit: 9 })).toEqual(["b2"]);
      expect(await list({ dagId: "unknown" })).toEqual([]);
      expect(await list({ states: ["running", "cancelled"] })).toEqual(["o1", "b1"]);
      expect(await list({ states: [] })).toEqual([]);
    },
  },
  {
    name: "backfills that ended are removed with their items, those that ended first first; their runs go on",
    async run(place) {
      const { store, dagNo, backfillNo, another, take } = await withBackfill(place);
      const [b2, b3, b4] = [await another("b2", [{}]), await another("b3", [{}]), await another("b4", [])];
      const runNo = await take(0);
      await apply(store, moveBackfill(backfillNo, "cancelled", { at: noon + 3 }), "done");
      await apply(store, moveBackfill(b2, "cancelled", { at: noon + 1 }), "done");
      await apply(store, moveBackfill(b3, "cancelled", { at: noon + 5 }), "done");
      const before = await store.events.last();
      const remove = (endedBefore: number, limit: number) => ({ kind: "deleteBackfills", endedBefore, limit }) as const;
      expect(await apply(store, remove(noon + 1, 9), "deleted")).toEqual({ status: "deleted", count: 0 });
      expect(await apply(store, remove(noon + 5, 0), "deleted")).toMatchObject({ count: 0 });
      expect(await apply(store, remove(noon + 5, 1), "deleted")).toMatchObject({ count: 1 });
      expect((await store.backfills.list({})).map(({ backfillId }) => backfillId)).toEqual(["b4", "b3", "b1"]);
      expect(await apply(store, remove(noon + 5, 9), "deleted")).toMatchObject({ count: 1 });
      expect(await store.backfills.items({ backfillNo })).toEqual([]);
      expect(await store.backfills.items({ backfillNo: b3 })).toHaveLength(1);
      expect(await store.events.last()).toBe(before);
      await apply(store, updateRun({ runNo, to: "success" }), "done");
      await apply(store, updateRun({ runNo, from: ["success"], to: "queued" }), "done");
      expect(await store.runs.get(runNo)).toMatchObject({ backfillNo, state: "queued" });
      // The id is free again, the number is not, also for the next engine.
      expect(await apply(store, moveBackfill(b4, "cancelled", { at: 0 }), "done")).toBeDefined();
      expect(await apply(store, remove(noon, 9), "deleted")).toMatchObject({ count: 1 });
      await store.close();
      const next = await openEngine(place);
      const again = await apply(next, createBackfill({ backfillId: "b1", dagNo }), "backfillCreated");
      expect([backfillNo, b2, b3, b4]).not.toContain(again.backfillNo);
      expect(await next.backfills.items({ backfillNo: again.backfillNo })).toEqual([]);
      await expectTrueCounters(next);
    },
  },
];
