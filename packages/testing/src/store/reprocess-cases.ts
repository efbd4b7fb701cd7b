import { expect } from "vitest";
import { countsOf, expectTrueCounters, withBackfill } from "./backfill-place.ts";
import { createRun, expandTask, finishTask, moveBackfill, noon, registerDag, startTask, updateRun } from "./changes.ts";
import { apply, everythingOf, type StoreCase } from "./store-case.ts";

const nothing = { skipped: 0, started: 0, active: 0, success: 0, failed: 0, cancelled: 0, nextItem: 0 };
const cost = {
  ...({ scope: "process", durationUs: 5, cpuUs: 4, memoryBeforeBytes: 3 } as const),
  ...{ memoryAfterBytes: 2, memoryPeakBytes: 1, loopDelayUs: 0 },
};

/** Runs that a backfill has run again. */
export const reprocessCases: readonly StoreCase[] = [
  {
    name: "a run that has ended runs again for an item: queued, with its params, and counted in the same group",
    async run(place) {
      const item = { action: "reprocess", params: '{"p":1}' } as const;
      const { store, dagNo, versionNo, backfillNo } = await withBackfill(place, [item, {}]);
      const made = {
        dagNo,
        versionNo,
        runId: "s",
        type: "scheduled",
        logicalDate: 0,
        params: "{}",
        conf: '{"c":2}',
      } as const;
      const { runNo } = await apply(store, createRun(made), "created");
      await apply(store, updateRun({ runNo, to: "running", at: noon + 1 }), "done");
      await apply(store, updateRun({ runNo, to: "failed", note: "1 task failed", at: noon + 2 }), "done");
      const run = await store.runs.get(runNo);
      const again = { kind: "reprocessRun", runNo, backfillNo, itemNo: 0, versionNo, at: noon + 3 } as const;
      const { eventSeq } = await apply(store, again, "done");
      expect(await store.runs.get(runNo)).toEqual({
        ...run,
        ...{ type: "backfill", backfillNo, state: "queued", note: null, startedAt: null, endedAt: null },
        params: '{"p":1}',
      });
      expect((await store.events.list({ runNo })).at(-1)).toMatchObject({ seq: eventSeq, kind: "run.queued", runNo });
      expect((await store.runs.active()).map((active) => active.runNo)).toEqual([runNo]);
      expect(await countsOf(store, backfillNo)).toMatchObject({ started: 1, active: 1, failed: 0, nextItem: 1 });
      expect(await store.backfills.items({ backfillNo, limit: 1 })).toMatchObject([
        { runNo, runId: "s", runState: "queued", action: "reprocess" },
      ]);
      await apply(store, updateRun({ runNo, to: "success" }), "done");
      expect(await countsOf(store, backfillNo)).toMatchObject({ active: 0, success: 1 });
      await expectTrueCounters(store);
    },
  },
  {
    name: "its task instances are new ones of the version given; those of tasks that both have keep logs, costs and attempts",
    async run(place) {
      const { store, dagNo, versionNo, backfillNo, runOf } = await withBackfill(place, [{}, {}]);
      const ofVersion = async (fingerprint: string, ...taskIds: string[]) =>
        (await apply(store, registerDag({ fingerprint, taskIds }), "registered")).versionNo;
      const before = await ofVersion("before", "load", "gone", "list");
      const after = await ofVersion("after", "new", "list", "load");
      const scheduled = createRun({ dagNo, versionNo: before, runId: "s", type: "scheduled", logicalDate: 7 });
      const { runNo, firstTaskInstanceNo: load } = await apply(store, scheduled, "created");
      const [gone, list] = [load + 1, load + 2];
      await apply(store, expandTask({ runNo, taskNo: 2, placeholderNo: list, count: 3 }), "expanded");
      const element = (await store.tasks.ofRun(runNo)).find(({ mapIndex }) => mapIndex === 2)?.taskInstanceNo as number;
      const line = (message: string) => ({ at: noon, level: "info", message, fields: null }) as const;
      for (const [taskInstanceNo, attempt] of [
        [load, 2],
        [gone, 1],
        [list, 1],
        [element, 1],
      ] as const) {
        const xcoms = [{ key: "k", format: "json", stored: "1", sizeBytes: 1 }] as const;
        const reads = [{ taskInstanceNo: gone, key: "k", sizeBytes: 1 }];
        await store.commit([
          startTask({ taskInstanceNo, runNo, attempt }),
          { kind: "appendLogs", taskInstanceNo, attempt, lines: [line(`of ${taskInstanceNo}`)] },
          finishTask({ taskInstanceNo, runNo, attempt, xcoms, reads, performance: cost }),
        ]);
      }
      await apply(store, updateRun({ runNo, to: "success" }), "done");
      const other = await apply(store, runOf(0), "created");
      const last = other.firstTaskInstanceNo;
      await apply(store, { kind: "reprocessRun", runNo, backfillNo, itemNo: 1, versionNo: after, at: noon }, "done");
      const tasks = await store.tasks.ofRun(runNo);
      expect(
        tasks.map(({ taskInstanceNo, taskNo, taskId, mapIndex, state, attempt, uncounted, token }) => [
          taskInstanceNo - last,
          taskNo,
          taskId,
          mapIndex,
          state,
          attempt,
          uncounted,
          token,
        ]),
      ).toEqual([
        [1, 0, "new", -1, "scheduled", 0, 0, 0],
        [2, 1, "list", -1, "scheduled", 1, 1, 0],
        [3, 2, "load", -1, "scheduled", 2, 2, 0],
      ]);
      expect(tasks.every(({ startedAt, endedAt }) => startedAt === null && endedAt === null)).toBe(true);
      expect((await store.runs.get(runNo))?.versionNo).toBe(after);
      const logsOf = async (taskInstanceNo: number) =>
        (await store.logs.list({ taskInstanceNo })).map(({ message }) => message);
      expect(await logsOf(last + 3)).toEqual([`of ${load}`]);
      expect(await logsOf(last + 2)).toEqual([`of ${list}`]);
      for (const no of [load, gone, list, element]) {
        expect(await logsOf(no)).toEqual([]);
        expect(await store.tasks.get(no)).toBeUndefined();
      }
      expect((await store.tasks.performanceOfRun(runNo)).map(({ taskId, attempt }) => [taskId, attempt])).toEqual([
        ["list", 1],
        ["load", 2],
      ]);
      expect(await store.xcoms.ofRun(runNo)).toEqual([]);
      expect(await store.xcoms.readsOfRun(runNo)).toEqual([]);
      // Numbers go on behind those that are there.
      const next = createRun({ dagNo, versionNo, runId: "next" });
      expect((await apply(store, next, "created")).firstTaskInstanceNo).toBe(last + 4);
    },
  },
  {
    name: "a run runs again only if it has ended, owns its date, is of the DAG, the version is too, and the item is next",
    async run(place) {
      const { store, dagNo, versionNo, backfillNo } = await withBackfill(place);
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      const made = async (runId: string, type: "manual" | "scheduled", of: { dagNo: number; versionNo: number }) => {
        const change = createRun({ dagNo: of.dagNo, versionNo: of.versionNo, runId, type, logicalDate: 7 });
        return (await apply(store, change, "created")).runNo;
      };
      const own = { dagNo, versionNo };
      const [active, manual] = [await made("a", "scheduled", own), await made("m", "manual", own)];
      const elsewhere = await made("e", "scheduled", other);
      for (const runNo of [manual, elsewhere]) await apply(store, updateRun({ runNo, to: "success" }), "done");
      const again = (runNo: number, itemNo = 0, version = versionNo) =>
        ({ kind: "reprocessRun", runNo, backfillNo, itemNo, versionNo: version, at: noon }) as const;
      for (const runNo of [active, manual, elsewhere, 999_999]) await apply(store, again(runNo), "refused");
      await apply(store, again(elsewhere, 0, other.versionNo), "refused");
      await apply(store, updateRun({ runNo: active, to: "success" }), "done");
      await apply(store, again(active, 1), "refused");
      for (const version of [other.versionNo, 999_999]) await apply(store, again(active, 0, version), "refused");
      await apply(store, moveBackfill(backfillNo, "paused"), "done");
      const before = await everythingOf(store, active);
      await apply(store, again(active), "refused");
      expect(await everythingOf(store, active)).toEqual(before);
      expect(await countsOf(store, backfillNo)).toEqual({ ...nothing, total: 3 });
      await apply(store, moveBackfill(backfillNo, "running"), "done");
      await apply(store, again(active), "done");
      await apply(store, again(active), "refused");
    },
  },
  {
    name: "a backfill keeps its counters when another one takes its run",
    async run(place) {
      const { store, versionNo, backfillNo, another, take } = await withBackfill(place, [{}]);
      const runNo = await take(0);
      await apply(store, updateRun({ runNo, to: "failed" }), "done");
      await apply(store, moveBackfill(backfillNo, "completed"), "done");
      const kept = await store.backfills.get(backfillNo);
      const b2 = await another("b2", [{}]);
      await apply(store, moveBackfill(b2, "running"), "done");
      const again = { kind: "reprocessRun", runNo, backfillNo: b2, itemNo: 0, versionNo, at: noon } as const;
      await apply(store, again, "done");
      expect(await store.backfills.get(backfillNo)).toEqual(kept);
      expect(await countsOf(store, b2)).toMatchObject({ started: 1, active: 1, failed: 0 });
      await apply(store, updateRun({ runNo, to: "success" }), "done");
      expect(await store.backfills.get(backfillNo)).toEqual(kept);
      expect(await countsOf(store, b2)).toMatchObject({ active: 0, success: 1 });
      expect(await store.backfills.items({ backfillNo })).toMatchObject([{ runNo, runState: "success" }]);
      await expectTrueCounters(store);
    },
  },
];
