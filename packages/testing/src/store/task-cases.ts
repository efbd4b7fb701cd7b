import { TASK_STATES } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, expandTask, finishTask, noon, setTask, startTask } from "./changes.ts";
import { apply, everythingOf, type StoreCase, withRun } from "./store-case.ts";

export const taskCases: readonly StoreCase[] = [
  {
    name: "a new run's task instances are scheduled, consecutive and untouched",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo } = await withRun(place);
      const untouched = {
        state: "scheduled",
        attempt: 0,
        token: 0,
        startedAt: null,
        endedAt: null,
        wakeAt: null,
        awaits: null,
        error: null,
        reason: null,
        crashes: 0,
        uncounted: 0,
      };
      expect(await store.tasks.ofRun(runNo)).toEqual(
        ["extract", "clean", "report"].map((taskId, taskNo) => ({
          taskInstanceNo: firstTaskInstanceNo + taskNo,
          runNo,
          taskNo,
          taskId,
          mapIndex: -1,
          ...untouched,
        })),
      );
    },
  },
  {
    name: "runs of one group have instances of their own",
    async run(place) {
      const { store, dagNo, versionNo } = await withRun(place);
      const outcomes = await store.commit([
        createRun({ dagNo, versionNo, runId: "r2" }),
        createRun({ dagNo, versionNo, runId: "r3" }),
      ]);
      const numbers = new Set<number>();
      for (const outcome of outcomes) {
        if (outcome.status !== "created") return expect.unreachable("the run was not created");
        for (const row of await store.tasks.ofRun(outcome.runNo)) numbers.add(row.taskInstanceNo);
        expect((await store.tasks.get(outcome.firstTaskInstanceNo))?.runNo).toBe(outcome.runNo);
      }
      expect(numbers.size).toBe(6);
    },
  },
  {
    name: "an attempt that starts is running, with its token, its number and its instant",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const token = Number.MAX_SAFE_INTEGER;
      await apply(store, startTask({ taskInstanceNo: task, runNo, token, attempt: 3, at: noon + 1 }), "done");
      expect(await store.tasks.get(task)).toMatchObject({
        state: "running",
        token,
        attempt: 3,
        startedAt: noon + 1,
        endedAt: null,
      });
      expect((await store.tasks.get(task + 1))?.state).toBe("scheduled");
    },
  },
  {
    name: "an attempt starts from the states named and from no other",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo, from: ["queued", "up_for_retry"] }), "refused");
      await apply(store, startTask({ taskInstanceNo: task, runNo, from: [] }), "refused");
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 0 }), "refused");
      await apply(store, startTask({ taskInstanceNo: task, runNo, from: ["queued", "scheduled"] }), "done");
      await apply(
        store,
        startTask({ taskInstanceNo: task, runNo, from: ["queued", "scheduled"], token: 2 }),
        "refused",
      );
      await apply(store, startTask({ taskInstanceNo: task + 1_000, runNo }), "refused");
      expect(await store.tasks.get(task)).toMatchObject({ state: "running", token: 1 });
    },
  },
  {
    name: "every state can be left for every other when the change says so",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      for (const from of TASK_STATES) {
        for (const to of TASK_STATES) {
          const current = (await store.tasks.get(task))?.state ?? "removed";
          await apply(store, setTask({ taskInstanceNo: task, runNo, from: [current], to: from }), "done");
          await apply(
            store,
            setTask({ taskInstanceNo: task, runNo, from: TASK_STATES.filter((state) => state !== from), to }),
            "refused",
          );
          await apply(store, setTask({ taskInstanceNo: task, runNo, from: [from], to }), "done");
          expect((await store.tasks.get(task))?.state).toBe(to);
        }
      }
    },
  },
  {
    name: "an attempt ends with what it brought",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo }), "done");
      const error = JSON.stringify({ name: "Error", message: "boom" });
      const ended = finishTask({
        taskInstanceNo: task,
        runNo,
        state: "up_for_retry",
        error,
        wakeAt: noon + 60,
        awaits: "door-opened",
        at: noon + 2,
      });
      await apply(store, ended, "done");
      expect(await store.tasks.get(task)).toMatchObject({
        state: "up_for_retry",
        attempt: 1,
        startedAt: noon,
        endedAt: noon + 2,
        wakeAt: noon + 60,
        awaits: "door-opened",
        error,
      });
    },
  },
  {
    name: "an attempt that ends without error or wait leaves none, also of those that were there",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo }), "done");
      const error = JSON.stringify({ name: "Error", message: "boom" });
      const failed = { state: "up_for_retry", error, wakeAt: noon + 60, awaits: "door-opened" } as const;
      await apply(store, finishTask({ taskInstanceNo: task, runNo, ...failed }), "done");
      await apply(store, setTask({ taskInstanceNo: task, runNo, from: ["up_for_retry"], to: "running" }), "done");
      await apply(store, finishTask({ taskInstanceNo: task, runNo }), "done");
      expect(await store.tasks.get(task)).toMatchObject({ state: "success", error: null, wakeAt: null, awaits: null });
    },
  },
  {
    name: "a token that is not the attempt's changes nothing; a task that is not running has no attempt to end",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 0 }), "refused");
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 11 }), "done");
      const before = await everythingOf(store, runNo);
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 10 }), "refused");
      await apply(store, finishTask({ taskInstanceNo: task + 1, runNo, token: 11 }), "refused");
      await apply(store, finishTask({ taskInstanceNo: task + 1_000, runNo, token: 11 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 11 }), "done");
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 11, state: "failed" }), "refused");
      expect((await store.tasks.get(task))?.state).toBe("success");
    },
  },
  {
    name: "the attempt before cannot end the attempt that runs now",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 1 }), "done");
      await apply(store, setTask({ taskInstanceNo: task, runNo, from: ["running"], to: "scheduled" }), "done");
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 2, attempt: 2 }), "done");
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 1 }), "refused");
      await apply(store, finishTask({ taskInstanceNo: task, runNo, token: 2, attempt: 2 }), "done");
    },
  },
  {
    name: "a new attempt starts clean",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo }), "done");
      await apply(
        store,
        finishTask({
          taskInstanceNo: task,
          runNo,
          state: "waiting",
          error: '{"name":"E","message":"m"}',
          wakeAt: 5,
          awaits: "e",
        }),
        "done",
      );
      await apply(
        store,
        setTask({ taskInstanceNo: task, runNo, from: ["waiting"], to: "scheduled", reason: "e came" }),
        "done",
      );
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 2, attempt: 2, at: noon + 7 }), "done");
      expect(await store.tasks.get(task)).toMatchObject({
        state: "running",
        attempt: 2,
        token: 2,
        startedAt: noon + 7,
        endedAt: null,
        wakeAt: null,
        awaits: null,
        error: null,
        reason: null,
      });
    },
  },
  {
    name: "a move without an attempt sets state and reason, ends the wait, and keeps the rest",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 4 }), "done");
      const error = '{"name":"E","message":"m"}';
      await apply(
        store,
        finishTask({
          taskInstanceNo: task,
          runNo,
          token: 4,
          state: "up_for_retry",
          error,
          wakeAt: 5,
          awaits: "e",
          at: noon + 1,
        }),
        "done",
      );
      await apply(
        store,
        setTask({ taskInstanceNo: task, runNo, from: ["up_for_retry"], to: "scheduled", at: noon + 2 }),
        "done",
      );
      const kept = { attempt: 1, token: 4, startedAt: noon, error, wakeAt: null, awaits: null };
      expect(await store.tasks.get(task)).toMatchObject({ ...kept, state: "scheduled", endedAt: null, reason: null });
      const skip = setTask({
        taskInstanceNo: task,
        runNo,
        to: "skipped",
        reason: "the branch went elsewhere",
        at: noon + 3,
      });
      await apply(store, skip, "done");
      expect(await store.tasks.get(task)).toMatchObject({
        ...kept,
        state: "skipped",
        endedAt: noon + 3,
        reason: "the branch went elsewhere",
      });
    },
  },
  {
    name: "each move of a task instance is told in one event",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const start = await apply(store, startTask({ taskInstanceNo: task, runNo, attempt: 2, at: noon + 1 }), "done");
      const error = '{"name":"Error","message":"boom"}';
      const end = await apply(
        store,
        finishTask({ taskInstanceNo: task, runNo, attempt: 2, state: "failed", error, at: noon + 2 }),
        "done",
      );
      const skip = await apply(
        store,
        setTask({ taskInstanceNo: task + 1, runNo, to: "upstream_failed", reason: "extract failed", at: noon + 3 }),
        "done",
      );
      const common = { runNo, dagId: "sales" };
      expect(await store.events.list({ runNo, after: start.eventSeq - 1 })).toEqual([
        {
          ...common,
          seq: start.eventSeq,
          at: noon + 1,
          kind: "task.running",
          taskInstanceNo: task,
          attempt: 2,
          data: null,
        },
        {
          ...common,
          seq: end.eventSeq,
          at: noon + 2,
          kind: "task.failed",
          taskInstanceNo: task,
          attempt: 2,
          data: '{"error":{"name":"Error","message":"boom"}}',
        },
        {
          ...common,
          seq: skip.eventSeq,
          at: noon + 3,
          kind: "task.upstream_failed",
          taskInstanceNo: task + 1,
          attempt: null,
          data: '{"reason":"extract failed"}',
        },
      ]);
    },
  },
  {
    name: "expanding makes the placeholder index 0 and inserts the others with consecutive numbers",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const expanded = await apply(
        store,
        expandTask({ runNo, taskNo: 1, placeholderNo: first + 1, count: 4 }),
        "expanded",
      );
      const rows = (await store.tasks.ofRun(runNo)).map(({ taskNo, taskId, mapIndex, taskInstanceNo, state }) => ({
        taskNo,
        taskId,
        mapIndex,
        taskInstanceNo,
        state,
      }));
      const clean = { taskNo: 1, taskId: "clean", state: "scheduled" };
      expect(rows).toEqual([
        { taskNo: 0, taskId: "extract", mapIndex: -1, taskInstanceNo: first, state: "scheduled" },
        { ...clean, mapIndex: 0, taskInstanceNo: first + 1 },
        { ...clean, mapIndex: 1, taskInstanceNo: expanded.firstTaskInstanceNo },
        { ...clean, mapIndex: 2, taskInstanceNo: expanded.firstTaskInstanceNo + 1 },
        { ...clean, mapIndex: 3, taskInstanceNo: expanded.firstTaskInstanceNo + 2 },
        { taskNo: 2, taskId: "report", mapIndex: -1, taskInstanceNo: first + 2, state: "scheduled" },
      ]);
      expect(await store.events.list({ runNo, after: expanded.eventSeq - 1 })).toMatchObject([
        { kind: "task.expanded", taskInstanceNo: first + 1, data: '{"count":4}' },
      ]);
    },
  },
  {
    name: "expanding to one element inserts nothing",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const expanded = await apply(store, expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 1 }), "expanded");
      expect(expanded.firstTaskInstanceNo).toBe(0);
      expect((await store.tasks.ofRun(runNo)).map(({ mapIndex }) => mapIndex)).toEqual([0, -1, -1]);
    },
  },
  {
    name: "after an expansion numbers go on without a clash",
    async run(place) {
      const { store, runNo, dagNo, versionNo, firstTaskInstanceNo: first } = await withRun(place);
      const [expanded, created, again] = await store.commit([
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 3 }),
        createRun({ dagNo, versionNo, runId: "r2" }),
        expandTask({ runNo, taskNo: 1, placeholderNo: first + 1, count: 2 }),
      ]);
      expect([expanded?.status, created?.status, again?.status]).toEqual(["expanded", "created", "expanded"]);
      expect(await store.tasks.ofRun(runNo)).toHaveLength(6);
      const numbers = (await store.tasks.ofRun(runNo)).map(({ taskInstanceNo }) => taskInstanceNo);
      expect(new Set(numbers).size).toBe(6);
    },
  },
  {
    name: "only a scheduled placeholder of that run and task can be expanded, and only once",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const before = await everythingOf(store, runNo);
      await apply(store, expandTask({ runNo, taskNo: 1, placeholderNo: first, count: 2 }), "refused");
      await apply(store, expandTask({ runNo: runNo + 1, taskNo: 0, placeholderNo: first, count: 2 }), "refused");
      await apply(store, expandTask({ runNo, taskNo: 0, placeholderNo: first + 1_000, count: 2 }), "refused");
      await apply(store, expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 0 }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
      await apply(store, expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }), "expanded");
      await apply(store, expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }), "refused");
      await apply(store, setTask({ taskInstanceNo: first + 1, runNo, to: "skipped" }), "done");
      await apply(store, expandTask({ runNo, taskNo: 1, placeholderNo: first + 1, count: 2 }), "refused");
    },
  },
  {
    name: "a large expansion is found again by run, task and index",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const { firstTaskInstanceNo } = await apply(
        store,
        expandTask({ runNo, taskNo: 1, placeholderNo: first + 1, count: 2_500 }),
        "expanded",
      );
      expect(await store.tasks.find({ runNo, taskId: "clean", mapIndex: 2_499 })).toMatchObject({
        taskInstanceNo: firstTaskInstanceNo + 2_498,
        taskNo: 1,
      });
      expect((await store.tasks.find({ runNo, taskId: "clean", mapIndex: 0 }))?.taskInstanceNo).toBe(first + 1);
      expect((await store.tasks.find({ runNo, taskId: "report", mapIndex: -1 }))?.taskInstanceNo).toBe(first + 2);
      expect(await store.tasks.find({ runNo, taskId: "clean", mapIndex: -1 })).toBeUndefined();
      expect(await store.tasks.find({ runNo, taskId: "clean", mapIndex: 2_500 })).toBeUndefined();
      expect(await store.tasks.find({ runNo, taskId: "unknown", mapIndex: -1 })).toBeUndefined();
      expect(await store.tasks.find({ runNo: runNo + 1, taskId: "clean", mapIndex: 0 })).toBeUndefined();
      expect(await store.tasks.ofRun(runNo)).toHaveLength(2_502);
    },
  },
  {
    name: "a task instance that does not exist is undefined",
    async run(place) {
      const { store, firstTaskInstanceNo } = await withRun(place);
      expect(await store.tasks.get(firstTaskInstanceNo + 3)).toBeUndefined();
      expect(await store.tasks.get(0)).toBeUndefined();
    },
  },
];
