import { type Change, TASK_STATES } from "@millrace/core/plugin";
import { expect } from "vitest";
import {
  clearTask,
  collapseTask,
  createRun,
  expandTask,
  finishTask,
  noon,
  performance,
  returnTask,
  setTask,
  startTask,
  xcom,
} from "./changes.ts";
import { apply, everythingOf, openEngine, type StoreCase, type StoreUnderTest, withRun } from "./store-case.ts";

const withoutAttempt = { startedAt: null, endedAt: null, wakeAt: null, awaits: null, error: null };
const boom = '{"name":"Error","message":"boom"}';

export const undoCases: readonly StoreCase[] = [
  {
    name: "an attempt that is given up is scheduled again and does not count against the retries",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      await apply(store, startTask({ ...place1, token: 1 }), "done");
      await apply(store, finishTask({ ...place1, state: "up_for_retry", error: boom }), "done");
      // An error that is still there when the attempt is given up.
      await apply(store, setTask({ ...place1, from: ["up_for_retry"], to: "running" }), "done");
      await apply(store, returnTask({ ...place1, reason: "its process ended" }), "done");
      const given = { ...withoutAttempt, state: "scheduled", attempt: 1 };
      expect(await store.tasks.get(task)).toMatchObject({
        ...given,
        reason: "its process ended",
        crashes: 1,
        uncounted: 1,
      });
      await apply(store, startTask({ ...place1, token: 2, attempt: 2 }), "done");
      await apply(
        store,
        returnTask({ ...place1, token: 2, attempt: 2, why: "handed_back", reason: "no room" }),
        "done",
      );
      expect(await store.tasks.get(task)).toMatchObject({
        ...given,
        attempt: 2,
        reason: "no room",
        crashes: 1,
        uncounted: 2,
      });
      expect(await store.tasks.get(task + 1)).toMatchObject({ crashes: 0, uncounted: 0 });
    },
  },
  {
    name: "what an instance has lost and need not count stays with it over attempts, moves and restarts",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      await store.commit([startTask(place1), returnTask(place1), startTask({ ...place1, token: 2, attempt: 2 })]);
      await apply(store, finishTask({ ...place1, token: 2, attempt: 2, state: "failed", error: boom }), "done");
      await apply(store, setTask({ ...place1, from: ["failed"], to: "cancelled" }), "done");
      await store.close();
      const next = await openEngine(place);
      expect(await next.tasks.get(task)).toMatchObject({ state: "cancelled", attempt: 2, crashes: 1, uncounted: 1 });
    },
  },
  {
    name: "only the attempt that runs can be given up, and then cannot end any more",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      const untouched = await everythingOf(store, runNo);
      await apply(store, returnTask({ ...place1, token: 0 }), "refused");
      await apply(store, returnTask({ ...place1, taskInstanceNo: task + 1_000 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(untouched);
      await apply(store, startTask({ ...place1, token: 7 }), "done");
      const before = await everythingOf(store, runNo);
      await apply(store, returnTask({ ...place1, token: 6 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
      await apply(store, returnTask({ ...place1, token: 7 }), "done");
      await apply(store, returnTask({ ...place1, token: 7 }), "refused");
      await apply(store, finishTask({ ...place1, token: 7, xcoms: [xcom("k", 1)] }), "refused");
      expect(await store.xcoms.ofTask(task)).toEqual([]);
    },
  },
  {
    name: "giving up an attempt leaves XComs and reads as they are",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      const reads = [{ taskInstanceNo: task + 1, key: "k", sizeBytes: 3 }];
      await store.commit([startTask(place1), finishTask({ ...place1, xcoms: [xcom("k", 1)], reads })]);
      await store.commit([
        startTask({ ...place1, from: ["success"], token: 2, attempt: 2 }),
        returnTask({ ...place1, token: 2, attempt: 2 }),
      ]);
      expect(await store.xcoms.ofTask(task)).toHaveLength(1);
      expect(await store.xcoms.readsOfRun(runNo)).toHaveLength(1);
    },
  },
  {
    name: "a cleared instance is as if it had not run, but counts its attempts on",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      await store.commit([startTask(place1), returnTask(place1), startTask({ ...place1, token: 2, attempt: 2 })]);
      const failed = { state: "failed", error: boom, wakeAt: 5, awaits: "e" } as const;
      await apply(store, finishTask({ ...place1, token: 2, attempt: 2, ...failed }), "done");
      await apply(store, clearTask({ ...place1, from: ["failed"], reason: "by ada" }), "done");
      expect(await store.tasks.get(task)).toEqual({
        ...place1,
        taskNo: 0,
        taskId: "extract",
        mapIndex: -1,
        ...withoutAttempt,
        state: "scheduled",
        attempt: 2,
        token: 0,
        reason: "by ada",
        crashes: 0,
        uncounted: 2,
      });
      await apply(store, startTask({ ...place1, token: 3, attempt: 3 }), "done");
      expect(await store.tasks.get(task)).toMatchObject({ state: "running", attempt: 3, uncounted: 2, reason: null });
    },
  },
  {
    name: "clearing removes the instance's own XComs and reads; logs, costs and what others have stay",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      for (const taskInstanceNo of [first, first + 1]) {
        const reads = [{ taskInstanceNo: first === taskInstanceNo ? first + 1 : first, key: "k", sizeBytes: 3 }];
        const brought = { xcoms: [xcom("k", 1), xcom("l", 2)], reads, performance: performance() };
        await store.commit([startTask({ taskInstanceNo, runNo }), finishTask({ taskInstanceNo, runNo, ...brought })]);
        const line = { at: noon, level: "info", message: "m", fields: null } as const;
        await store.commit([{ kind: "appendLogs", taskInstanceNo, attempt: 1, lines: [line] }]);
      }
      await apply(store, clearTask({ taskInstanceNo: first, runNo }), "done");
      expect((await store.xcoms.ofRun(runNo)).map(({ taskId, key }) => `${taskId} ${key}`)).toEqual([
        "clean k",
        "clean l",
      ]);
      expect(await store.xcoms.readsOfRun(runNo)).toMatchObject([{ taskId: "clean", sourceTaskId: "extract" }]);
      expect(await store.logs.list({ taskInstanceNo: first })).toHaveLength(1);
      expect(await store.tasks.performanceOfRun(runNo)).toHaveLength(2);
    },
  },
  {
    name: "what an attempt brought in a group is gone when the same group clears it",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      const reads = [{ taskInstanceNo: task + 1, key: "k", sizeBytes: 3 }];
      await store.commit([
        startTask(place1),
        finishTask({ ...place1, xcoms: [xcom("k", 1)], reads }),
        clearTask(place1),
      ]);
      expect(await store.xcoms.ofTask(task)).toEqual([]);
      expect(await store.xcoms.readsOfRun(runNo)).toEqual([]);
    },
  },
  {
    name: "an instance is cleared from the states named and from no other, and no attempt of before can end it",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const place1 = { taskInstanceNo: task, runNo };
      await apply(store, startTask({ ...place1, token: 5 }), "done");
      const before = await everythingOf(store, runNo);
      const others = TASK_STATES.filter((state) => state !== "running");
      await apply(store, clearTask({ ...place1, from: others }), "refused");
      await apply(store, clearTask({ ...place1, from: [] }), "refused");
      await apply(store, clearTask({ ...place1, taskInstanceNo: task + 1_000 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
      await apply(store, clearTask({ ...place1, from: ["running"] }), "done");
      for (const token of [0, 5]) {
        await apply(store, finishTask({ ...place1, token }), "refused");
        await apply(store, returnTask({ ...place1, token }), "refused");
      }
      expect(await store.tasks.get(task)).toMatchObject({ state: "scheduled", token: 0, attempt: 1, uncounted: 1 });
    },
  },
  {
    name: "collapsing takes back an expansion: the elements go with all they have, the placeholder is cleared",
    async run(place) {
      const { store, runNo, first, elements } = await withExpansion(place);
      const row = await store.tasks.get(first);
      await apply(store, collapseTask({ runNo, taskNo: 0, placeholderNo: first, reason: "by ada" }), "done");
      expect(await store.tasks.get(first)).toEqual({
        ...row,
        ...withoutAttempt,
        mapIndex: -1,
        state: "scheduled",
        token: 0,
        attempt: 1,
        uncounted: 1,
        reason: "by ada",
      });
      expect((await store.tasks.ofRun(runNo)).map(({ taskId, mapIndex }) => [taskId, mapIndex])).toEqual([
        ["extract", -1],
        ["clean", -1],
        ["report", -1],
      ]);
      for (const taskInstanceNo of elements) {
        expect(await store.tasks.get(taskInstanceNo)).toBeUndefined();
        expect(await store.xcoms.ofTask(taskInstanceNo)).toEqual([]);
        expect(await store.logs.list({ taskInstanceNo })).toEqual([]);
      }
      expect(await store.tasks.find({ runNo, taskId: "extract", mapIndex: -1 })).toMatchObject({
        taskInstanceNo: first,
      });
      // Only what is not of this task, and the costs of what the placeholder itself has run.
      expect((await store.xcoms.ofRun(runNo)).map(({ taskId }) => taskId)).toEqual(["clean"]);
      expect((await store.tasks.performanceOfRun(runNo)).map(({ taskId }) => taskId)).toEqual(["extract", "clean"]);
      expect(await store.logs.list({ taskInstanceNo: first })).toHaveLength(1);
      // Of the sources that are left: the placeholder; elements that were read are not there any more.
      expect(await store.xcoms.readsOfRun(runNo)).toMatchObject([
        { taskId: "clean", sourceNo: first, sourceTaskId: "extract", sourceMapIndex: -1 },
      ]);
    },
  },
  {
    name: "only index 0 of an expanded task of that run can be collapsed",
    async run(place) {
      const { store, runNo, first, elements } = await withExpansion(place);
      const before = await everythingOf(store, runNo);
      await apply(store, collapseTask({ runNo, taskNo: 1, placeholderNo: first }), "refused");
      await apply(store, collapseTask({ runNo: runNo + 1, taskNo: 0, placeholderNo: first }), "refused");
      await apply(store, collapseTask({ runNo, taskNo: 0, placeholderNo: elements[0] as number }), "refused");
      await apply(store, collapseTask({ runNo, taskNo: 1, placeholderNo: first + 1 }), "refused");
      await apply(store, collapseTask({ runNo, taskNo: 0, placeholderNo: first + 1_000 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
    },
  },
  {
    name: "a collapsed task can be expanded again, to other elements; numbers of those removed are never given out again",
    async run(place) {
      const { store, runNo, dagNo, versionNo, first, elements } = await withExpansion(place);
      const collapse = collapseTask({ runNo, taskNo: 0, placeholderNo: first });
      await apply(store, collapse, "done");
      await store.close();
      // Nobody remembers the numbers but the rows.
      const next = await openEngine(place);
      const again = await apply(next, expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }), "expanded");
      expect(elements).not.toContain(again.firstTaskInstanceNo);
      const [, expanded, created] = await next.commit([
        collapse,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 3 }),
        createRun({ dagNo, versionNo, runId: "r9" }),
      ]);
      if (expanded?.status !== "expanded" || created?.status !== "created") return expect.unreachable("not made");
      const numbers = [expanded.firstTaskInstanceNo, expanded.firstTaskInstanceNo + 1, created.firstTaskInstanceNo];
      for (const no of numbers) expect([...elements, again.firstTaskInstanceNo]).not.toContain(no);
      expect((await next.tasks.ofRun(runNo)).map(({ mapIndex }) => mapIndex)).toEqual([0, 1, 2, -1, -1]);
    },
  },
  {
    name: "an expansion to one element collapses too, and one of another run stays",
    async run(place) {
      const { store, runNo, dagNo, versionNo, first } = await withExpansion(place);
      const other = await apply(store, createRun({ dagNo, versionNo, runId: "r2" }), "created");
      const { firstTaskInstanceNo: otherFirst } = other;
      await apply(
        store,
        expandTask({ runNo: other.runNo, taskNo: 0, placeholderNo: otherFirst, count: 2 }),
        "expanded",
      );
      await apply(store, expandTask({ runNo, taskNo: 2, placeholderNo: first + 2, count: 1 }), "expanded");
      await apply(store, collapseTask({ runNo, taskNo: 2, placeholderNo: first + 2 }), "done");
      expect((await store.tasks.ofRun(runNo)).map(({ mapIndex }) => mapIndex)).toEqual([0, 1, 2, -1, -1]);
      await apply(store, collapseTask({ runNo, taskNo: 0, placeholderNo: first }), "done");
      expect((await store.tasks.ofRun(other.runNo)).map(({ mapIndex }) => mapIndex)).toEqual([0, 1, -1, -1]);
    },
  },
  {
    name: "giving up, clearing, collapsing and removing XComs are told in one event each",
    async run(place) {
      const { store, runNo, first } = await withExpansion(place);
      const place1 = { taskInstanceNo: first + 1, runNo };
      const group: Change[] = [
        startTask({ ...place1, from: ["success"], token: 2, attempt: 2 }),
        returnTask({ ...place1, token: 2, attempt: 2, why: "handed_back", at: noon + 1 }),
        clearTask({ ...place1, reason: "by ada", at: noon + 2 }),
        clearTask({ ...place1, at: noon + 3 }),
        collapseTask({ runNo, taskNo: 0, placeholderNo: first, reason: "by ada", at: noon + 4 }),
        { kind: "deleteXComs", refs: [{ taskInstanceNo: first, key: "none" }], at: noon + 5 },
      ];
      const before = await store.events.last();
      const outcomes = await store.commit(group);
      const seqs = outcomes.slice(1).map((outcome) => (outcome.status === "done" ? outcome.eventSeq : 0));
      const common = { dagId: "sales", runNo, attempt: null };
      const ofTask = { ...common, taskInstanceNo: first + 1 };
      expect((await store.events.list({ after: before })).slice(1)).toEqual([
        {
          ...ofTask,
          seq: seqs[0],
          at: noon + 1,
          kind: "task.scheduled",
          attempt: 2,
          data: '{"returned":"handed_back"}',
        },
        { ...ofTask, seq: seqs[1], at: noon + 2, kind: "task.cleared", data: '{"reason":"by ada"}' },
        { ...ofTask, seq: seqs[2], at: noon + 3, kind: "task.cleared", data: null },
        {
          ...common,
          taskInstanceNo: first,
          seq: seqs[3],
          at: noon + 4,
          kind: "task.collapsed",
          data: '{"reason":"by ada"}',
        },
        {
          ...{ dagId: null, runNo: null, taskInstanceNo: null, attempt: null, data: '{"count":1}' },
          ...{ seq: seqs[4], at: noon + 5, kind: "xcom.cleared" },
        },
      ]);
    },
  },
];

/**
 * A run whose first task is expanded to three elements; all of them and the second task have run, with XComs, reads of
 * each other, costs and logs.
 */
async function withExpansion(place: StoreUnderTest) {
  const { store, dagNo, versionNo, runNo, firstTaskInstanceNo: first } = await withRun(place);
  const { firstTaskInstanceNo } = await apply(
    store,
    expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 3 }),
    "expanded",
  );
  const elements = [firstTaskInstanceNo, firstTaskInstanceNo + 1];
  const all = [first, ...elements, first + 1];
  for (const [index, taskInstanceNo] of all.entries()) {
    const sources = taskInstanceNo === first + 1 ? [first, ...elements] : [all[(index + 1) % 3] as number];
    const reads = sources.map((source) => ({ taskInstanceNo: source, key: "k", sizeBytes: 1 }));
    const brought = { xcoms: [xcom("k", index)], reads, performance: performance() };
    const line = { at: noon, level: "info", message: "m", fields: null } as const;
    await store.commit([
      startTask({ taskInstanceNo, runNo }),
      finishTask({ taskInstanceNo, runNo, ...brought }),
      { kind: "appendLogs", taskInstanceNo, attempt: 1, lines: [line] },
    ]);
  }
  return { store, dagNo, versionNo, runNo, first, elements };
}
