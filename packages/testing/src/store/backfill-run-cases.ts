import { expect } from "vitest";
import { countsOf, expectTrueCounters, withBackfill } from "./backfill-place.ts";
import { createRun, moveBackfill, registerDag, updateRun } from "./changes.ts";
import { apply, everythingOf, openEngine, type StoreCase } from "./store-case.ts";

const nothing = { skipped: 0, started: 0, active: 0, success: 0, failed: 0, cancelled: 0, nextItem: 0 };

/** Backfills and their runs. */
export const backfillRunCases: readonly StoreCase[] = [
  {
    name: "the runs of a backfill are made in the order of its items, and counted in the same group",
    async run(place) {
      const skip = { action: "skip" } as const;
      const { store, backfillNo, runOf } = await withBackfill(place, [{}, skip, skip, {}, {}, skip]);
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 6, skipped: 3 });
      for (const itemNo of [-1, 1, 3, 6]) await apply(store, runOf(itemNo), "refused");
      const { runNo } = await apply(store, runOf(0), "created");
      expect(await store.runs.get(runNo)).toMatchObject({ backfillNo, type: "backfill", state: "queued" });
      expect(await countsOf(store, backfillNo)).toMatchObject({ started: 1, active: 1, nextItem: 3 });
      for (const itemNo of [0, 1, 2, 4])
        await apply(store, runOf(itemNo, { runId: "new", logicalDate: 99 }), "refused");
      const outcomes = await store.commit([runOf(3), runOf(4), runOf(5), runOf(6)]);
      expect(outcomes.map(({ status }) => status)).toEqual(["created", "created", "refused", "refused"]);
      expect(await countsOf(store, backfillNo)).toEqual({
        ...nothing,
        total: 6,
        skipped: 3,
        started: 3,
        active: 3,
        nextItem: 6,
      });
      const items = await store.backfills.items({ backfillNo });
      expect(items[0]).toMatchObject({ itemNo: 0, runNo, runId: "backfill__0", runState: "queued" });
      expect(items.map(({ runId }) => runId)).toEqual(["backfill__0", null, null, "backfill__3", "backfill__4", null]);
      expect(await store.runs.list({})).toHaveLength(3);
    },
  },
  {
    name: "runs that are not of a backfill belong to none",
    async run(place) {
      const { store, dagNo, versionNo, backfillNo } = await withBackfill(place);
      const before = await store.backfills.get(backfillNo);
      const { runNo } = await apply(store, createRun({ dagNo, versionNo, runId: "m", type: "backfill" }), "created");
      expect((await store.runs.get(runNo))?.backfillNo).toBeNull();
      await apply(store, updateRun({ runNo, to: "success" }), "done");
      expect(await store.backfills.get(backfillNo)).toEqual(before);
    },
  },
  {
    name: "a run is made for no backfill but one of its DAG that is running",
    async run(place) {
      const { store, backfillNo, another, runOf } = await withBackfill(place);
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      const { dagNo, versionNo } = other;
      await apply(store, runOf(0, { dagNo, versionNo }), "refused");
      const preparing = await another("b2", [{}]);
      for (const no of [preparing, backfillNo + 1_000])
        await apply(store, runOf(0, { backfill: { backfillNo: no, itemNo: 0 } }), "refused");
      for (const to of ["paused", "cancelled"] as const) {
        await apply(store, moveBackfill(backfillNo, to), "done");
        await apply(store, runOf(0), "refused");
      }
      expect(await store.runs.list({})).toEqual([]);
      expect((await store.backfills.items({ backfillNo })).map(({ runNo }) => runNo)).toEqual([null, null, null]);
      await apply(store, moveBackfill(backfillNo, "running"), "done");
      await apply(store, runOf(0), "created");
      await expectTrueCounters(store);
    },
  },
  {
    name: "a run that exists already takes no item, and is found also when the backfill would refuse it",
    async run(place) {
      const { store, dagNo, versionNo, backfillNo, runOf } = await withBackfill(place);
      const scheduled = createRun({ dagNo, versionNo, runId: "s", type: "scheduled", logicalDate: 0 });
      const { runNo } = await apply(store, scheduled, "created");
      const before = await everythingOf(store, runNo);
      expect(await apply(store, runOf(0), "exists")).toEqual({
        status: "exists",
        runNo,
        runId: "s",
        by: "logical_date",
      });
      expect(await apply(store, runOf(2, { logicalDate: 0 }), "exists")).toMatchObject({ by: "logical_date" });
      expect(await apply(store, runOf(1, { runId: "s" }), "exists")).toMatchObject({ by: "run_id" });
      // A manual run owns no date: nothing of it is taken.
      await apply(store, runOf(2, { type: "manual", logicalDate: 0 }), "refused");
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 3 });
      expect(await everythingOf(store, runNo)).toEqual(before);
    },
  },
  {
    name: "the counters follow every move of the runs",
    async run(place) {
      const { store, backfillNo, take } = await withBackfill(place);
      const runNo = await take(0);
      const other = await take(1);
      const states: unknown[] = [];
      for (const to of [
        "running",
        "failed",
        "queued",
        "running",
        "cancelled",
        "success",
        "success",
        "running",
      ] as const) {
        const from = ["queued", "running", "success", "failed", "cancelled"] as const;
        await apply(store, updateRun({ runNo, from, to }), "done");
        const { active, success, failed, cancelled } = await countsOf(store, backfillNo);
        states.push([active, success, failed, cancelled].join(" "));
        await expectTrueCounters(store);
      }
      expect(states).toEqual(["2 0 0 0", "1 0 1 0", "2 0 0 0", "2 0 0 0", "1 0 0 1", "1 1 0 0", "1 1 0 0", "2 0 0 0"]);
      await apply(store, updateRun({ runNo, from: ["queued"], to: "failed" }), "refused");
      await apply(store, updateRun({ runNo: other, to: "success" }), "done");
      expect(await countsOf(store, backfillNo)).toMatchObject({ started: 2, active: 1, success: 1 });
    },
  },
  {
    name: "the counters go on with the next engine",
    async run(place) {
      const { store, backfillNo, take, runOf } = await withBackfill(place);
      const [first, second] = [await take(0), await take(1)];
      await apply(store, updateRun({ runNo: first, to: "failed" }), "done");
      await store.close();
      const next = await openEngine(place);
      await apply(next, updateRun({ runNo: second, to: "success" }), "done");
      await apply(next, updateRun({ runNo: first, from: ["failed"], to: "queued" }), "done");
      expect(await countsOf(next, backfillNo)).toMatchObject({
        started: 2,
        active: 1,
        success: 1,
        failed: 0,
        nextItem: 2,
      });
      await apply(next, runOf(2), "created");
      await apply(next, updateRun({ runNo: first, to: "cancelled" }), "done");
      expect(await countsOf(next, backfillNo)).toMatchObject({ started: 3, active: 1, success: 1, cancelled: 1 });
      await expectTrueCounters(next);
    },
  },
  {
    name: "many runs of several backfills are counted in one group",
    async run(place) {
      const { store, backfillNo, another, runOf } = await withBackfill(place, Array(100).fill({}));
      const apart = Array.from({ length: 50 }, (_, index) => ({ logicalDate: 1_000 + index }));
      const b2 = await another("b2", apart);
      await apply(store, moveBackfill(b2, "running"), "done");
      const ofOther = (itemNo: number) => ({
        runId: `o${itemNo}`,
        logicalDate: 1_000 + itemNo,
        backfill: { backfillNo: b2, itemNo },
      });
      const made = await store.commit([
        ...Array.from({ length: 100 }, (_, itemNo) => runOf(itemNo)),
        ...Array.from({ length: 50 }, (_, itemNo) => runOf(itemNo, ofOther(itemNo))),
      ]);
      const runNos = made.map((outcome) => (outcome.status === "created" ? outcome.runNo : 0));
      await store.commit(
        runNos.flatMap((runNo, index) => [
          updateRun({ runNo, to: "running" }),
          ...(index % 10 === 0 ? [] : [updateRun({ runNo, to: index % 3 === 0 ? "failed" : "success" })]),
        ]),
      );
      await expectTrueCounters(store);
      expect(await countsOf(store, backfillNo)).toMatchObject({ started: 100, active: 10, failed: 30, success: 60 });
      expect(await countsOf(store, b2)).toMatchObject({ started: 50, active: 5 });
    },
  },
  {
    name: "the next item can be passed over, while the backfill runs",
    async run(place) {
      const { store, backfillNo, take, runOf } = await withBackfill(place, [{}, {}, { action: "skip" }, {}]);
      const skip = (itemNo: number) => ({ kind: "skipBackfillItem", backfillNo, itemNo, reason: "in flight" }) as const;
      const before = await store.events.last();
      await apply(store, skip(1), "refused");
      expect(await apply(store, skip(0), "done")).toEqual({ status: "done", eventSeq: 0 });
      await apply(store, skip(0), "refused");
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 4, skipped: 2, nextItem: 1 });
      await apply(store, runOf(0), "refused");
      expect(await store.events.last()).toBe(before);
      await take(1);
      await apply(store, moveBackfill(backfillNo, "paused"), "done");
      await apply(store, skip(3), "refused");
      await apply(store, moveBackfill(backfillNo, "running"), "done");
      await apply(store, skip(3), "done");
      await apply(store, skip(4), "refused");
      expect(await countsOf(store, backfillNo)).toEqual({
        ...nothing,
        total: 4,
        skipped: 3,
        started: 1,
        active: 1,
        nextItem: 4,
      });
      expect((await store.backfills.items({ backfillNo })).map(({ action, reason }) => [action, reason])).toEqual([
        ["skip", "in flight"],
        ["create", null],
        ["skip", null],
        ["skip", "in flight"],
      ]);
    },
  },
  {
    name: "items are listed by what has become of them",
    async run(place) {
      const skip = { action: "skip" } as const;
      const { store, backfillNo, take } = await withBackfill(place, [{}, {}, skip, {}, {}, {}]);
      const runNos = [await take(0), await take(1), await take(3)];
      await apply(store, updateRun({ runNo: runNos[0] as number, to: "success" }), "done");
      await apply(store, updateRun({ runNo: runNos[1] as number, to: "failed" }), "done");
      const numbers = async (states: Parameters<typeof store.backfills.items>[0]["states"], more = {}) => {
        const query = { backfillNo, ...(states === undefined ? {} : { states }), ...more };
        return (await store.backfills.items(query)).map(({ itemNo }) => itemNo);
      };
      expect(await numbers(undefined)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await numbers(["success"])).toEqual([0]);
      expect(await numbers(["failed", "queued"])).toEqual([1, 3]);
      expect(await numbers(["pending"])).toEqual([4, 5]);
      expect(await numbers(["skipped"])).toEqual([2]);
      expect(await numbers(["skipped", "pending", "success"], { after: 0, limit: 2 })).toEqual([2, 4]);
      expect(await numbers(["cancelled", "running"])).toEqual([]);
      expect(await numbers([])).toEqual([]);
      expect(await store.backfills.items({ backfillNo: backfillNo + 1_000 })).toEqual([]);
    },
  },
];
