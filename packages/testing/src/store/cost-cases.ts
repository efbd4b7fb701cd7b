import type { XComRead } from "@millrace/core/plugin";
import { expect } from "vitest";
import {
  createRun,
  expandTask,
  finishTask,
  noon,
  performance,
  setTask,
  startTask,
  updateRun,
  xcom,
} from "./changes.ts";
import { apply, openEngine, type StoreCase, withRun } from "./store-case.ts";

export const costCases: readonly StoreCase[] = [
  {
    name: "what an attempt read is stored with its end, also of another run, by reader, source and key",
    async run(place) {
      const { store, dagNo, versionNo, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const other = await apply(store, createRun({ dagNo, versionNo, runId: "r2" }), "created");
      const reader = other.firstTaskInstanceNo;
      const { firstTaskInstanceNo: element } = await apply(
        store,
        expandTask({ runNo: other.runNo, taskNo: 1, placeholderNo: reader + 1, count: 2 }),
        "expanded",
      );
      // Neither in the order of the numbers nor in that of the tasks.
      for (const [taskInstanceNo, reads] of [
        [reader + 2, [read(element, "k", 5)]],
        [element, [read(reader, "k", 4)]],
        [reader + 1, [read(reader, "b", 1), read(first, "k", 2), read(reader, "B", 3)]],
      ] as const) {
        await store.commit([
          startTask({ taskInstanceNo, runNo: other.runNo }),
          finishTask({ taskInstanceNo, runNo: other.runNo, reads }),
        ]);
      }
      const own = { sourceRunNo: other.runNo, sourceRunId: "r2" };
      const clean0 = { taskInstanceNo: reader + 1, taskId: "clean", mapIndex: 0 };
      const clean1 = { taskInstanceNo: element, taskId: "clean", mapIndex: 1 };
      const report = { taskInstanceNo: reader + 2, taskId: "report", mapIndex: -1 };
      const extract = { ...own, sourceNo: reader, sourceTaskId: "extract", sourceMapIndex: -1 };
      expect(await store.xcoms.readsOfRun(other.runNo)).toEqual([
        {
          ...clean0,
          ...{ sourceRunNo: runNo, sourceRunId: "r1", sourceNo: first, sourceTaskId: "extract", sourceMapIndex: -1 },
          ...{ key: "k", sizeBytes: 2 },
        },
        { ...clean0, ...extract, key: "B", sizeBytes: 3 },
        { ...clean0, ...extract, key: "b", sizeBytes: 1 },
        { ...clean1, ...extract, key: "k", sizeBytes: 4 },
        {
          ...report,
          ...own,
          ...{ sourceNo: element, sourceTaskId: "clean", sourceMapIndex: 1 },
          ...{ key: "k", sizeBytes: 5 },
        },
      ]);
      expect(await store.xcoms.readsOfRun(runNo)).toEqual([]);
      expect(await store.xcoms.readsOfRun(other.runNo + 1)).toEqual([]);
    },
  },
  {
    name: "of the same source and key the last read counts, within an attempt and over attempts",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      const reads = [read(task + 1, "k", 1), read(task + 1, "l", 2), read(task + 1, "k", 3)];
      await store.commit([startTask(place1), finishTask({ ...place1, state: "up_for_retry", reads })]);
      const sizes = async () => (await store.xcoms.readsOfRun(runNo)).map(({ key, sizeBytes }) => [key, sizeBytes]);
      expect(await sizes()).toEqual([
        ["k", 3],
        ["l", 2],
      ]);
      await store.commit([
        startTask({ ...place1, token: 2, attempt: 2 }),
        finishTask({ ...place1, token: 2, attempt: 2, reads: [read(task + 1, "k", 9)] }),
      ]);
      expect(await sizes()).toEqual([
        ["k", 9],
        ["l", 2],
      ]);
    },
  },
  {
    name: "reads and costs are stored however an attempt ends, and not at all when its end is refused",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const brought = { reads: [read(task, "k", 1)], performance: performance() };
      for (const [index, state] of (["failed", "up_for_retry", "skipped"] as const).entries()) {
        const place1 = { taskInstanceNo: task + index, runNo };
        await store.commit([startTask(place1), finishTask({ ...place1, state, ...brought })]);
      }
      expect(await store.xcoms.readsOfRun(runNo)).toHaveLength(3);
      expect(await store.tasks.performanceOfRun(runNo)).toHaveLength(3);
      const stale = { ...brought, reads: [read(task, "stale", 1)], token: 9, attempt: 9 };
      for (const state of ["success", "failed"] as const)
        await apply(store, finishTask({ taskInstanceNo: task, runNo, state, ...stale }), "refused");
      expect(await store.xcoms.readsOfRun(runNo)).toHaveLength(3);
      expect(await store.tasks.performanceOfRun(runNo)).toHaveLength(3);
    },
  },
  {
    name: "a read stays when the XCom that was read is gone",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const [source, reader] = [
        { taskInstanceNo: task, runNo },
        { taskInstanceNo: task + 1, runNo },
      ];
      await store.commit([startTask(source), finishTask({ ...source, xcoms: [xcom("k", 1)] })]);
      await store.commit([startTask(reader), finishTask({ ...reader, reads: [read(task, "k", 1)] })]);
      await apply(store, { kind: "deleteXComs", refs: [{ taskInstanceNo: task, key: "k" }], at: noon }, "done");
      expect(await store.xcoms.ofRun(runNo)).toEqual([]);
      expect(await store.xcoms.readsOfRun(runNo)).toMatchObject([{ sourceNo: task, key: "k" }]);
    },
  },
  {
    name: "what each attempt cost is stored by task, map index and attempt, and the last time counts",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const { firstTaskInstanceNo: element } = await apply(
        store,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }),
        "expanded",
      );
      let token = 0;
      const attempt = async (taskInstanceNo: number, number: number, cost: ReturnType<typeof performance> | null) => {
        const change = { taskInstanceNo, runNo, token: ++token, attempt: number };
        await store.commit([
          startTask({ ...change, from: ["scheduled", "success"] }),
          finishTask({ ...change, performance: cost }),
        ]);
      };
      const thread = performance({ scope: "thread", cpuUs: 7, loopDelayUs: 0 });
      await attempt(first + 1, 1, performance({ durationUs: 2 ** 40 }));
      await attempt(element, 1, thread);
      await attempt(first, 2, performance());
      await attempt(first, 10, performance({ memoryPeakBytes: 2 ** 40 }));
      await attempt(first, 1, performance({ cpuUs: 1 }));
      await attempt(first, 1, performance({ cpuUs: 2 }));
      await attempt(first + 2, 1, null);
      const extract = { taskInstanceNo: first, taskId: "extract", mapIndex: 0 };
      expect(await store.tasks.performanceOfRun(runNo)).toEqual([
        { ...extract, attempt: 1, ...performance({ cpuUs: 2 }) },
        { ...extract, attempt: 2, ...performance() },
        { ...extract, attempt: 10, ...performance({ memoryPeakBytes: 2 ** 40 }) },
        { taskInstanceNo: element, taskId: "extract", mapIndex: 1, attempt: 1, ...thread },
        {
          taskInstanceNo: first + 1,
          taskId: "clean",
          mapIndex: -1,
          attempt: 1,
          ...performance({ durationUs: 2 ** 40 }),
        },
      ]);
      expect(await store.tasks.performanceOfRun(runNo + 1)).toEqual([]);
    },
  },
  {
    name: "many ends of one group keep what each of them read and cost",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const count = 100;
      const { firstTaskInstanceNo } = await apply(
        store,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: count + 1 }),
        "expanded",
      );
      const numbers = Array.from({ length: count }, (_, index) => firstTaskInstanceNo + index);
      const starts = numbers.map((taskInstanceNo) => startTask({ taskInstanceNo, runNo, token: taskInstanceNo }));
      const ends = numbers.map((taskInstanceNo, index) =>
        finishTask({
          ...{ taskInstanceNo, runNo, token: taskInstanceNo, replacesXComs: false },
          ...{
            xcoms: [xcom("k", index)],
            reads: [read(first, "k", index)],
            performance: performance({ cpuUs: index }),
          },
        }),
      );
      await store.commit([...starts, ...ends]);
      const costs = await store.tasks.performanceOfRun(runNo);
      expect(costs.map(({ mapIndex, cpuUs }) => mapIndex - cpuUs)).toEqual(Array(count).fill(1));
      const reads = await store.xcoms.readsOfRun(runNo);
      expect(reads.map(({ mapIndex, sizeBytes }) => mapIndex - sizeBytes)).toEqual(Array(count).fill(1));
    },
  },
  {
    name: "instances that run are listed over all runs that have not ended, by run, task and map index",
    async run(place) {
      const { store, dagNo, versionNo, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const second = await apply(store, createRun({ dagNo, versionNo, runId: "r2" }), "created");
      const ended = await apply(store, createRun({ dagNo, versionNo, runId: "r3" }), "created");
      const start = (runNo: number, taskInstanceNo: number) => startTask({ runNo, taskInstanceNo });
      const { firstTaskInstanceNo: element } = await apply(
        store,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }),
        "expanded",
      );
      expect(await store.tasks.running()).toEqual([]);
      await store.commit([
        start(second.runNo, second.firstTaskInstanceNo + 1),
        start(ended.runNo, ended.firstTaskInstanceNo),
        start(runNo, first + 2),
        start(runNo, element),
        start(runNo, first),
        start(runNo, first + 1),
        finishTask({ taskInstanceNo: first + 1, runNo }),
        setTask({ taskInstanceNo: second.firstTaskInstanceNo, runNo: second.runNo, to: "queued" }),
        updateRun({ runNo: second.runNo, to: "running" }),
        updateRun({ runNo: ended.runNo, to: "failed" }),
      ]);
      const running = await store.tasks.running();
      expect(running.map(({ taskInstanceNo }) => taskInstanceNo)).toEqual([
        ...[first, element, first + 2],
        second.firstTaskInstanceNo + 1,
      ]);
      expect(running[1]).toEqual(await store.tasks.get(element));
    },
  },
  {
    name: "the number of the newest event is known, also to the next engine; 0 before the first",
    async run(place) {
      const store = await openEngine(place);
      expect(await store.events.last()).toBe(0);
      const pool = (slots: number) => ({ kind: "putPool", pool: "p", slots, at: noon }) as const;
      const { eventSeq } = await apply(store, pool(1), "done");
      expect(await store.events.last()).toBe(eventSeq);
      await apply(store, pool(1), "done");
      expect(await store.events.last()).toBe(eventSeq);
      await store.close();
      const next = await openEngine(place);
      expect(await next.events.last()).toBe(eventSeq);
      await apply(next, pool(2), "done");
      expect(await next.events.last()).toBeGreaterThan(eventSeq);
    },
  },
  {
    name: "XComs can be removed outside of an attempt; those that are not there are passed over",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      for (const taskInstanceNo of [task, task + 1])
        await store.commit([
          startTask({ taskInstanceNo, runNo }),
          finishTask({ taskInstanceNo, runNo, xcoms: [xcom("a", 1), xcom("b", 2)] }),
        ]);
      const refs = [
        { taskInstanceNo: task, key: "b" },
        { taskInstanceNo: task, key: "none" },
        { taskInstanceNo: task + 1_000, key: "a" },
        { taskInstanceNo: task + 1, key: "a" },
      ];
      await apply(store, { kind: "deleteXComs", refs, at: noon }, "done");
      const left = (await store.xcoms.ofRun(runNo)).map(({ taskId, key }) => `${taskId} ${key}`);
      expect(left).toEqual(["extract a", "clean b"]);
      expect((await store.tasks.get(task))?.state).toBe("success");
      // Also those that the same group brought.
      const place2 = { taskInstanceNo: task + 2, runNo };
      await store.commit([
        startTask(place2),
        finishTask({ ...place2, xcoms: [xcom("a", 1)], replacesXComs: false }),
        { kind: "deleteXComs", refs: [{ taskInstanceNo: task + 2, key: "a" }], at: noon },
      ]);
      expect(await store.xcoms.ofTask(task + 2)).toEqual([]);
    },
  },
];

function read(taskInstanceNo: number, key: string, sizeBytes: number): XComRead {
  return { taskInstanceNo, key, sizeBytes };
}
