import type { RunState, RunType } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, noon, registerDag, updateRun } from "./changes.ts";
import { apply, openEngine, type StoreCase, type StoreUnderTest, withRun } from "./store-case.ts";

/** What may be removed: runs, events and log lines that are too old, or too many. */
export const retentionCases: readonly StoreCase[] = [
  {
    name: "runs expire that ended before an instant, those that ended first first; never the one that ended last",
    async run(place) {
      const { ended, expired } = await dagWithRuns(place);
      await ended("c", 30);
      await ended("a", 10);
      await ended("b", 20, "failed");
      await ended("a2", 10, "cancelled");
      expect(await expired(null, null)).toEqual([]);
      expect(await expired(10, null)).toEqual([]);
      expect(await expired(11, null)).toEqual(["a", "a2"]);
      expect(await expired(30, null)).toEqual(["a", "a2", "b"]);
      expect(await expired(99, null)).toEqual(["a", "a2", "b"]);
      expect(await expired(99, null, 2)).toEqual(["a", "a2"]);
      expect(await expired(99, null, 0)).toEqual([]);
    },
  },
  {
    name: "runs expire in pages: those behind one, by its end and then its number",
    async run(place) {
      const { ended, expired } = await dagWithRuns(place);
      const [b, a] = [await ended("b", 20), await ended("a", 10)];
      const a2 = await ended("a2", 10);
      await ended("c", 30);
      await ended("last", 90);
      expect(await expired(99, null, 100, a)).toEqual(["a2", "b", "c"]);
      expect(await expired(99, null, 1, a2)).toEqual(["b"]);
      expect(await expired(30, null, 100, b)).toEqual([]);
      expect(await expired(null, 2, 100, a)).toEqual(["a2", "b"]);
    },
  },
  {
    name: "runs expire that are not among so many that ended last",
    async run(place) {
      const { ended, expired } = await dagWithRuns(place);
      for (const [runId, at] of [
        ["d", 40],
        ["b", 20],
        ["a", 10],
        ["c", 30],
      ] as const)
        await ended(runId, at);
      expect(await expired(null, 4)).toEqual([]);
      expect(await expired(null, 3)).toEqual(["a"]);
      expect(await expired(null, 2)).toEqual(["a", "b"]);
      expect(await expired(null, 1)).toEqual(["a", "b", "c"]);
      expect(await expired(null, 0)).toEqual(["a", "b", "c"]);
      // Either is enough.
      expect(await expired(11, 2)).toEqual(["a", "b"]);
      expect(await expired(31, 3)).toEqual(["a", "b", "c"]);
    },
  },
  {
    name: "a run that goes on does not expire, nor does one of another DAG; one that ends again is new",
    async run(place) {
      const { store, dagNo, ended, expired, made } = await dagWithRuns(place);
      await made("queued");
      const running = await made("running");
      await apply(store, updateRun({ runNo: running, to: "running" }), "done");
      const again = await ended("again", 5);
      await ended("a", 10);
      await ended("last", 90);
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      for (const [index, runId] of ["o1", "o2"].entries()) {
        const change = createRun({ dagNo: other.dagNo, versionNo: other.versionNo, runId });
        const { runNo } = await apply(store, change, "created");
        await apply(store, updateRun({ runNo, to: "success", at: index }), "done");
      }
      expect(await expired(99, 0)).toEqual(["again", "a"]);
      await apply(store, updateRun({ runNo: again, from: ["success"], to: "queued" }), "done");
      expect(await expired(99, 0)).toEqual(["a"]);
      await apply(store, updateRun({ runNo: again, to: "failed", at: 50 }), "done");
      expect(await expired(99, 0)).toEqual(["a", "again"]);
      expect(await expired(50, null)).toEqual(["a"]);
      expect(await store.runs.expired({ dagNo: dagNo + 1_000, endedBefore: 99, keep: 0, limit: 9 })).toEqual([]);
    },
  },
  {
    name: "the run with the newest date that it owns does not expire, however many others end after it",
    async run(place) {
      const { ended, expired } = await dagWithRuns(place);
      await ended("scheduled", 10, "failed", { type: "scheduled", logicalDate: 7 });
      await ended("backfill", 20, "success", { type: "backfill", logicalDate: 2 });
      await ended("manual", 30, "success", { type: "manual", logicalDate: 9 });
      await ended("last", 40, "success", { type: "backfill", logicalDate: 1 });
      expect(await expired(99, null)).toEqual(["backfill", "manual"]);
      expect(await expired(null, 1, 1)).toEqual(["backfill"]);
    },
  },
  {
    name: "the newest event and log line before an instant are found, also where some are removed",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: taskInstanceNo } = await withRun(place);
      const place1 = { dagId: null, runNo, taskInstanceNo: null, attempt: null, data: null };
      const seqs: number[] = [];
      for (const offset of [10, 10, 20, 30, 50]) {
        const event = { at: noon + offset, kind: "note", ...place1 };
        seqs.push((await apply(store, { kind: "appendEvent", event }, "done")).eventSeq);
        const line = { at: noon + offset, level: "info", message: "m", fields: null } as const;
        await apply(store, { kind: "appendLogs", taskInstanceNo, attempt: 1, lines: [line, line] }, "done");
      }
      const logs = (await store.logs.list({ taskInstanceNo })).map(({ logNo }) => logNo);
      const before = async (offset: number) => [
        await store.events.lastBefore(noon + offset),
        await store.logs.lastBefore(noon + offset),
      ];
      expect(await before(99)).toEqual([seqs[4], logs[9]]);
      expect(await before(50)).toEqual([seqs[3], logs[7]]);
      expect(await before(21)).toEqual([seqs[2], logs[5]]);
      expect(await before(11)).toEqual([seqs[1], logs[3]]);
      expect(await before(10)).toEqual([(seqs[0] as number) - 1, 0]);
      expect(await before(0)).toEqual([0, 0]);
      await apply(store, { kind: "deleteEvents", upTo: seqs[1] as number, limit: 99 }, "deleted");
      await apply(store, { kind: "deleteLogs", upTo: logs[3] as number, limit: 99 }, "deleted");
      expect(await before(21)).toEqual([seqs[2], logs[5]]);
      expect(await before(20)).toEqual([0, 0]);
    },
  },
  {
    name: "in a store without events and log lines none is before an instant",
    async run(place) {
      const store = await openEngine(place);
      expect(await store.events.lastBefore(Number.MAX_SAFE_INTEGER)).toBe(0);
      expect(await store.logs.lastBefore(Number.MAX_SAFE_INTEGER)).toBe(0);
    },
  },
];

/** A DAG of no task, and ways to make a run, to make one that has ended, and to see which expire. */
async function dagWithRuns(place: StoreUnderTest) {
  const store = await openEngine(place);
  const { dagNo, versionNo } = await apply(store, registerDag({ taskIds: [] }), "registered");
  const made = async (runId: string, more: { readonly type?: RunType; readonly logicalDate?: number } = {}) =>
    (await apply(store, createRun({ dagNo, versionNo, runId, ...more }), "created")).runNo;
  const ended = async (runId: string, at: number, to: RunState = "success", more: Parameters<typeof made>[1] = {}) => {
    const runNo = await made(runId, more);
    await apply(store, updateRun({ runNo, to, at }), "done");
    return runNo;
  };
  const expired = async (endedBefore: number | null, keep: number | null, limit = 100, after?: number) => {
    const row = after === undefined ? undefined : await store.runs.get(after);
    const place = row && { after: { endedAt: row.endedAt ?? 0, runNo: row.runNo } };
    const runNos = await store.runs.expired({ dagNo, endedBefore, keep, limit, ...place });
    return Promise.all(runNos.map(async (runNo) => (await store.runs.get(runNo))?.runId));
  };
  return { store, dagNo, made, ended, expired };
}
