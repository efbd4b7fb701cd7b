import type { Change, DeleteRuns } from "@millrace/core/plugin";
import { expect } from "vitest";
import {
  createRun,
  expandTask,
  finishTask,
  noon,
  performance,
  registerDag,
  startTask,
  updateRun,
  xcom,
} from "./changes.ts";
import { apply, everythingOf, openEngine, type StoreCase, type StoreUnderTest } from "./store-case.ts";

const remove = (...runNos: number[]): DeleteRuns => ({ kind: "deleteRuns", runNos, at: noon });

/** What is removed for its age, and what stays. */
export const removalCases: readonly StoreCase[] = [
  {
    name: "a run that has ended is removed with everything that is its own, and nothing else",
    async run(place) {
      const { store, run } = await withRuns(place);
      const [gone, kept] = [await run("gone"), await run("kept")];
      const reads = [{ taskInstanceNo: gone.task, key: "k", sizeBytes: 1 }];
      const place2 = { taskInstanceNo: kept.task + 1, runNo: kept.runNo };
      await store.commit([
        startTask(place2),
        finishTask({ ...place2, reads: [...reads, { taskInstanceNo: kept.task, key: "k", sizeBytes: 2 }] }),
        updateRun({ runNo: kept.runNo, from: ["success"], to: "success", note: "again" }),
      ]);
      const before = (await everythingOf(store, kept.runNo)) as {
        events: { runNo: number | null }[];
        reads: unknown[];
      };
      expect(before.reads).toHaveLength(4);
      expect(await apply(store, remove(gone.runNo), "deleted")).toEqual({ status: "deleted", count: 1 });
      expect(await store.runs.get(gone.runNo)).toBeUndefined();
      expect(await store.runs.find("sales", "gone")).toBeUndefined();
      expect((await store.runs.list({})).map(({ runId }) => runId)).toEqual(["kept"]);
      expect(await store.tasks.ofRun(gone.runNo)).toEqual([]);
      expect(await store.tasks.get(gone.task)).toBeUndefined();
      expect(await store.tasks.get(gone.element)).toBeUndefined();
      expect(await store.xcoms.page({ limit: 99 })).toEqual(await store.xcoms.ofRun(kept.runNo));
      expect(await store.xcoms.readsOfRun(gone.runNo)).toEqual([]);
      expect(await store.tasks.performanceOfRun(gone.runNo)).toEqual([]);
      for (const taskInstanceNo of [gone.task, gone.element])
        expect(await store.logs.list({ taskInstanceNo })).toEqual([]);
      expect(await store.events.list({ runNo: gone.runNo })).toEqual([]);
      // What was read of it is not shown any more; all else of the other run is as it was.
      expect(await everythingOf(store, kept.runNo)).toEqual({
        ...before,
        reads: before.reads.filter((row) => (row as { sourceRunNo: number }).sourceRunNo !== gone.runNo),
        events: before.events.filter(({ runNo }) => runNo !== gone.runNo),
      });
    },
  },
  {
    name: "the XComs of runs that have ended are removed, and nothing else; those of runs that go on stay",
    async run(place) {
      const { store, run } = await withRuns(place);
      const [gone, kept, again] = [await run("gone"), await run("kept"), await run("again")];
      await apply(store, updateRun({ runNo: again.runNo, from: ["success"], to: "queued" }), "done");
      const found = (await store.xcoms.ofRun(gone.runNo)).length;
      expect(found).toBeGreaterThan(1);
      const before = (await everythingOf(store, gone.runNo)) as object;
      const runNos = [gone.runNo, again.runNo, 999_999, gone.runNo];
      const last = await store.events.last();
      const change = { kind: "deleteXComsOfRuns", runNos, at: noon } as const;
      expect(await apply(store, change, "deleted")).toEqual({ status: "deleted", count: found });
      expect(await store.events.last()).toBe(last);
      expect(await everythingOf(store, gone.runNo)).toEqual({ ...before, xcoms: [] });
      for (const { runNo } of [kept, again]) expect(await store.xcoms.ofRun(runNo)).toHaveLength(found);
      expect(await apply(store, change, "deleted")).toEqual({ status: "deleted", count: 0 });
      await apply(store, { ...change, runNos: Array(1_001).fill(kept.runNo) as number[] }, "refused");
      expect(await store.xcoms.ofRun(kept.runNo)).toHaveLength(found);
    },
  },
  {
    name: "runs that go on, or are not there, are passed over; a run named twice is removed once",
    async run(place) {
      const { store, dagNo, versionNo, run } = await withRuns(place);
      const queued = await apply(store, createRun({ dagNo, versionNo, runId: "queued" }), "created");
      const running = await apply(store, createRun({ dagNo, versionNo, runId: "running" }), "created");
      await apply(store, updateRun({ runNo: running.runNo, to: "running" }), "done");
      const [a, b] = [await run("a"), await run("b", "failed")];
      const all = remove(a.runNo, queued.runNo, a.runNo, running.runNo, b.runNo, 999_999);
      expect(await apply(store, all, "deleted")).toMatchObject({ count: 2 });
      expect(await apply(store, all, "deleted")).toMatchObject({ count: 0 });
      expect(await apply(store, remove(), "deleted")).toMatchObject({ count: 0 });
      expect((await store.runs.list({})).map(({ runId }) => runId)).toEqual(["running", "queued"]);
      expect(await store.tasks.ofRun(running.runNo)).toHaveLength(3);
      expect(await store.events.list({ runNo: queued.runNo })).toHaveLength(1);
    },
  },
  {
    name: "1,000 runs are removed at once, and no more",
    async run(place) {
      const { store, dagNo, versionNo } = await withRuns(place);
      const made = await store.commit(
        Array.from({ length: 1_001 }, (_, index) => createRun({ dagNo, versionNo, runId: `r${index}` })),
      );
      const runNos = made.map((outcome) => (outcome.status === "created" ? outcome.runNo : 0));
      await store.commit(runNos.map((runNo) => updateRun({ runNo, to: "success" })));
      await apply(store, remove(...runNos), "refused");
      expect(await store.runs.list({ limit: 9_999 })).toHaveLength(1_001);
      expect(await apply(store, remove(...runNos.slice(0, 1_000)), "deleted")).toMatchObject({ count: 1_000 });
      expect((await store.events.list({})).map(({ kind }) => kind)).toEqual([
        "dag.registered",
        "run.created",
        "run.success",
      ]);
    },
  },
  {
    name: "the id, the date and the idempotency key of a removed run are free again, its number is not",
    async run(place) {
      const { store, dagNo, versionNo } = await withRuns(place);
      const change = createRun({
        dagNo,
        versionNo,
        runId: "r",
        type: "scheduled",
        logicalDate: 5,
        idempotencyKey: "k",
      });
      const first = await apply(store, change, "created");
      const group: Change[] = [updateRun({ runNo: first.runNo, to: "success" }), remove(first.runNo), change];
      const [, , second] = await store.commit(group);
      if (second?.status !== "created") return expect.unreachable("the run was not made again");
      expect(second.runNo).toBeGreaterThan(first.runNo);
      expect(second.firstTaskInstanceNo).toBeGreaterThan(first.firstTaskInstanceNo + 2);
      expect(await store.runs.ofDates({ dagNo, from: 5, to: 5 })).toMatchObject([{ runNo: second.runNo }]);
      expect(await store.events.list({ runNo: second.runNo })).toHaveLength(1);
      // Also for the next engine, when the newest of everything is gone.
      const last = await store.events.last();
      await store.commit([updateRun({ runNo: second.runNo, to: "failed" }), remove(second.runNo)]);
      expect(await store.events.last()).toBe(last + 1);
      await store.close();
      const next = await openEngine(place);
      expect(await next.events.last()).toBe(last + 1);
      const third = await apply(next, change, "created");
      expect(third.runNo).toBeGreaterThan(second.runNo);
      expect(third.firstTaskInstanceNo).toBeGreaterThan(second.firstTaskInstanceNo + 2);
      expect(third.eventSeq).toBeGreaterThan(last + 1);
    },
  },
  {
    name: "a run is not the previous one of another any more, nor its XCom the prior one, once it is removed",
    async run(place) {
      const { store, dagNo, run } = await withRuns(place);
      const [a, b] = [await run("a"), await run("b")];
      const asked = { dagNo, logicalDate: noon, runNo: b.runNo + 1 };
      const prior = { ...asked, taskId: "extract", mapIndex: 0, key: "k" };
      expect(await store.xcoms.prior(prior)).toMatchObject({ runNo: b.runNo });
      await apply(store, remove(b.runNo), "deleted");
      expect(await store.runs.previous({ ...asked, scheduledOnly: false })).toMatchObject({ runId: "a" });
      expect(await store.xcoms.prior(prior)).toMatchObject({ runNo: a.runNo });
      expect(await store.runs.active()).toEqual([]);
    },
  },
  {
    name: "what a group did to a run goes too when the same group removes it",
    async run(place) {
      const { store, run } = await withRuns(place);
      const { runNo, task } = await run("r");
      const place1 = { taskInstanceNo: task + 1, runNo };
      await store.commit([
        startTask(place1),
        finishTask({ ...place1, xcoms: [xcom("k", 1)], reads: [{ taskInstanceNo: task, key: "k", sizeBytes: 1 }] }),
        updateRun({ runNo, from: ["success"], to: "queued" }),
        updateRun({ runNo, to: "failed" }),
        remove(runNo),
      ]);
      expect(await store.runs.get(runNo)).toBeUndefined();
      expect(await store.xcoms.page({ limit: 9 })).toEqual([]);
      expect(await store.events.list({ runNo })).toEqual([]);
      expect((await store.events.list({})).map(({ kind }) => kind)).toEqual(["dag.registered"]);
    },
  },
  {
    name: "events are removed oldest first, up to a number, and who reads on finds what is left",
    async run(place) {
      const { store, run } = await withRuns(place);
      const { runNo } = await run("r");
      const all = await store.events.list({});
      const seqs = all.map(({ seq }) => seq);
      const upTo = (index: number, limit: number) =>
        ({ kind: "deleteEvents", upTo: seqs[index] as number, limit }) as const;
      expect(await apply(store, upTo(0, 0), "deleted")).toEqual({ status: "deleted", count: 0 });
      expect(await apply(store, upTo(3, 2), "deleted")).toMatchObject({ count: 2 });
      expect(await store.events.list({})).toEqual(all.slice(2));
      expect(await apply(store, upTo(3, 99), "deleted")).toMatchObject({ count: 2 });
      expect(await store.events.list({ after: seqs[0] as number, limit: 2 })).toEqual(all.slice(4, 6));
      expect(await store.events.list({ runNo, limit: 2 })).toEqual(all.slice(4, 6));
      expect(await store.events.list({ runNo, after: seqs[4] as number })).toEqual(all.slice(5));
      expect(await store.runs.get(runNo)).toBeDefined();
    },
  },
  {
    name: "the number of an event is not given out again when it is removed, also by the next engine",
    async run(place) {
      const { store } = await withRuns(place);
      const pool = (slots: number) => ({ kind: "putPool", pool: "p", slots, at: noon }) as const;
      const { eventSeq } = await apply(store, pool(1), "done");
      const [, removed, written] = await store.commit([
        pool(2),
        { kind: "deleteEvents", upTo: eventSeq + 1, limit: 99 },
        pool(3),
      ]);
      expect(removed).toEqual({ status: "deleted", count: 3 });
      expect(written).toMatchObject({ eventSeq: eventSeq + 2 });
      await apply(store, { kind: "deleteEvents", upTo: eventSeq + 2, limit: 99 }, "deleted");
      expect(await store.events.list({})).toEqual([]);
      expect(await store.events.last()).toBe(eventSeq + 2);
      await store.close();
      const next = await openEngine(place);
      expect(await next.events.last()).toBe(eventSeq + 2);
      expect(await apply(next, pool(4), "done")).toMatchObject({ eventSeq: eventSeq + 3 });
      expect((await next.events.list({ after: eventSeq })).map(({ seq }) => seq)).toEqual([eventSeq + 3]);
    },
  },
  {
    name: "log lines are removed oldest first, over all instances, and their numbers are not given out again",
    async run(place) {
      const { store, run } = await withRuns(place);
      const [a, b] = [await run("a"), await run("b")];
      const numbers = async (taskInstanceNo: number) =>
        (await store.logs.list({ taskInstanceNo })).map(({ logNo }) => logNo);
      const [ofA, ofB] = [await numbers(a.task), await numbers(b.task)];
      const newest = Math.max(...ofB, ...(await numbers(b.element)));
      const upTo = (logNo: number, limit: number) => ({ kind: "deleteLogs", upTo: logNo, limit }) as const;
      const before = await store.events.last();
      expect(await apply(store, upTo(ofA[1] as number, 1), "deleted")).toEqual({ status: "deleted", count: 1 });
      expect(await numbers(a.task)).toEqual(ofA.slice(1));
      expect(await apply(store, upTo(ofB[0] as number, 99), "deleted")).toMatchObject({ count: 4 });
      expect([await numbers(a.task), await numbers(a.element), await numbers(b.task)]).toEqual([[], [], ofB.slice(1)]);
      expect(await store.events.last()).toBe(before);
      await apply(store, upTo(newest, 99), "deleted");
      expect(await store.logs.lastBefore(Number.MAX_SAFE_INTEGER)).toBe(0);
      await store.close();
      const next = await openEngine(place);
      const line = { at: noon, level: "info", message: "m", fields: null } as const;
      await apply(next, { kind: "appendLogs", taskInstanceNo: a.task, attempt: 1, lines: [line] }, "done");
      expect((await next.logs.list({ taskInstanceNo: a.task }))[0]?.logNo).toBeGreaterThan(newest);
    },
  },
  {
    name: "10,000 events or log lines are removed at once, and no more",
    async run(place) {
      const { store, run } = await withRuns(place);
      const { task } = await run("r");
      const line = { at: noon, level: "info", message: "m", fields: null } as const;
      const put = { kind: "appendLogs", taskInstanceNo: task, attempt: 1, lines: Array(10_010).fill(line) } as const;
      await store.commit([put, ...Array.from({ length: 10_010 }, (_, slots) => slotsOf(slots))]);
      const far = { upTo: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
      expect(await apply(store, { kind: "deleteLogs", ...far }, "deleted")).toMatchObject({ count: 10_000 });
      expect(await apply(store, { kind: "deleteEvents", ...far }, "deleted")).toMatchObject({ count: 10_000 });
    },
  },
];

function slotsOf(slots: number): Change {
  return { kind: "putPool", pool: "p", slots, at: noon };
}

/**
 * The DAG `sales`, and a way to make a run of it that has ended: its first task was expanded, both elements have run, with
 * XComs, reads, costs and log lines.
 */
async function withRuns(place: StoreUnderTest) {
  const store = await openEngine(place);
  const { dagNo, versionNo } = await apply(store, registerDag(), "registered");
  const run = async (runId: string, to: "success" | "failed" = "success") => {
    const created = await apply(store, createRun({ dagNo, versionNo, runId }), "created");
    const { runNo, firstTaskInstanceNo: task } = created;
    const { firstTaskInstanceNo: element } = await apply(
      store,
      expandTask({ runNo, taskNo: 0, placeholderNo: task, count: 2 }),
      "expanded",
    );
    for (const taskInstanceNo of [task, element]) {
      const brought = { xcoms: [xcom("k", runId)], performance: performance() };
      const reads = [{ taskInstanceNo: task, key: "k", sizeBytes: 1 }];
      const line = { at: noon, level: "info", message: "m", fields: null } as const;
      await store.commit([
        startTask({ taskInstanceNo, runNo }),
        { kind: "appendLogs", taskInstanceNo, attempt: 1, lines: [line, line] },
        finishTask({ taskInstanceNo, runNo, ...brought, reads }),
      ]);
    }
    await apply(store, updateRun({ runNo, to }), "done");
    return { runNo, task, element };
  };
  return { store, dagNo, versionNo, run };
}
