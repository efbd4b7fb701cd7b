import { type Change, TASK_STATES, type TaskState } from "@millrace/core/plugin";
import fc from "fast-check";
import {
  clearTask,
  collapseTask,
  expandTask,
  finishTask,
  performance,
  returnTask,
  setTask,
  startTask,
  xcom,
} from "./changes.ts";
import { anyTaskState, at, fromTask, instant, json, key, pick, text, token, told } from "./model-data.ts";
import { type Numbers, noTask, placeOf, type Step, taskAt } from "./model-numbers.ts";

/** Moves that no attempt makes. */
export const movingTask = fc.oneof(
  told(
    "setTask",
    fc.record({ task: pick, from: fromTask, to: anyTaskState, reason: text, at }),
    ({ task, ...rest }, numbers) => setTask({ ...placeOf(taskAt(numbers, task)), ...rest }),
  ),
  told("expandTask", fc.record({ task: pick, count: fc.nat({ max: 4 }) }), ({ task, count }, numbers) => {
    const { taskInstanceNo, runNo, taskNo } = taskAt(numbers, task);
    return expandTask({ runNo, taskNo, placeholderNo: taskInstanceNo, count });
  }),
);

/** Attempts given up, and instances made as if they had not run. */
export const undoing = fc.oneof(
  told(
    "returnTask",
    fc.record({ task: pick, token, why: fc.constantFrom("lost", "handed_back"), at }),
    ({ task, ...rest }, numbers) => returnTask({ ...placeOf(taskAt(numbers, task)), ...rest }),
  ),
  told("clearTask", fc.record({ task: pick, from: fromTask, reason: text, at }), ({ task, ...rest }, numbers) =>
    clearTask({ ...placeOf(taskAt(numbers, task)), ...rest }),
  ),
  told("collapseTask", fc.record({ task: pick, reason: text, at }), ({ task, ...rest }, numbers) => {
    const { taskInstanceNo, runNo, taskNo } = taskAt(numbers, task);
    return collapseTask({ runNo, taskNo, placeholderNo: taskInstanceNo, ...rest });
  }),
  told(
    "deleteXComs",
    fc.record({ refs: fc.array(fc.tuple(pick, key), { maxLength: 2 }), at }),
    ({ refs, at }, numbers) => ({
      kind: "deleteXComs",
      refs: refs.map(([index, key]) => ({ taskInstanceNo: taskAt(numbers, index).taskInstanceNo, key })),
      at,
    }),
  ),
);

/** A mapped task is expanded, its instances have attempts, and all that is undone. */
export const expandingAndCollapsing = fc
  .record({ task: pick, count: fc.integer({ min: 1, max: 4 }), token, at })
  .map((data) => {
    const { task, count, token, at } = data;
    const step = (kind: string, make: Step): Step =>
      Object.assign((numbers: Numbers) => make(numbers), {
        [fc.toStringMethod]: () => `${kind} of ${fc.stringify(data)}`,
      });
    // The first instance of a task stands at the same place in the list before and after it is expanded.
    const place = (numbers: Numbers) => numbers.tasks[task % Math.max(numbers.tasks.length, 1)] ?? noTask;
    return [
      step("expandTask", (numbers) => {
        const { taskInstanceNo, runNo, taskNo } = place(numbers);
        return expandTask({ runNo, taskNo, placeholderNo: taskInstanceNo, count });
      }),
      step("startTask", (numbers) => startTask({ ...placeOf(place(numbers)), from: TASK_STATES, token, at })),
      step("finishTask", (numbers) =>
        finishTask({ ...placeOf(place(numbers)), token, xcoms: [xcom("k", token)], performance: performance(), at }),
      ),
      step("collapseTask", (numbers) => {
        const { taskInstanceNo, runNo, taskNo } = place(numbers);
        return collapseTask({ runNo, taskNo, placeholderNo: taskInstanceNo, at });
      }),
    ];
  });

export const starting = told(
  "startTask",
  fc.record({ task: pick, from: fromTask, token, attempt: fc.integer({ min: 1, max: 3 }), at }),
  ({ task, ...rest }, numbers) => startTask({ ...placeOf(taskAt(numbers, task)), ...rest }),
);

const ending = fc.record({
  task: pick,
  token,
  attempt: fc.integer({ min: 1, max: 3 }),
  state: anyTaskState,
  error: json,
  wakeAt: instant,
  awaits: text,
  replacesXComs: fc.boolean(),
  xcoms: fc.array(fc.tuple(key, fc.nat({ max: 9 })), { maxLength: 3 }),
  deletes: fc.array(fc.tuple(pick, key), { maxLength: 2 }),
  reads: fc.array(fc.tuple(pick, key, fc.nat({ max: 9 })), { maxLength: 3 }),
  cost: fc.option(fc.record({ scope: fc.constantFrom("process", "thread"), cpuUs: fc.nat({ max: 9 }) })),
  at,
});

export const finishing = told("finishTask", ending, ({ task, xcoms, deletes, reads, cost, ...rest }, numbers) =>
  finishTask({
    ...placeOf(taskAt(numbers, task)),
    ...rest,
    xcoms: xcoms.map(([key, value]) => xcom(key, value)),
    deletes: deletes.map(([index, key]) => ({ taskInstanceNo: taskAt(numbers, index).taskInstanceNo, key })),
    reads: reads.map(([index, key, sizeBytes]) => ({
      taskInstanceNo: taskAt(numbers, index).taskInstanceNo,
      key,
      sizeBytes,
    })),
    performance: cost && performance(cost),
  }),
);

/** The start and the end of one attempt of one task instance. */
export const attempting = fc
  .record({ task: pick, token, start: starting, end: finishing })
  .map(({ task, token, start, end }) => {
    const own = (step: Step): Step => {
      const same: Step = (numbers) => {
        const change = { ...step(numbers), ...placeOf(taskAt(numbers, task)), token };
        return (change.kind === "startTask" ? { ...change, from: TASK_STATES } : change) as Change;
      };
      return Object.assign(same, {
        [fc.toStringMethod]: () => `of task ${task}, token ${token}: ${fc.stringify(step)}`,
      });
    };
    return [own(start), own(end)];
  });

/** Task instances that were made one after the other start, and perhaps end, in one row of changes that look alike. */
export const inRow = fc
  .record({
    place: fc.nat({ max: 12 }),
    count: fc.integer({ min: 2, max: 6 }),
    token,
    from: fc.constantFrom<readonly TaskState[]>(["scheduled"], ["success"], ["scheduled", "success"]),
    ends: fc.boolean(),
    state: fc.constantFrom<TaskState>("success", "failed"),
    replacesXComs: fc.boolean(),
    at,
  })
  .map((data) => {
    const { place, count, token, from, ends, state, replacesXComs, at } = data;
    const each = (kind: string, make: (offset: number, numbers: Numbers) => Change): Step[] =>
      Array.from({ length: count }, (_, offset) => {
        const step: Step = (numbers) => make(offset, numbers);
        return Object.assign(step, { [fc.toStringMethod]: () => `${kind} + ${offset} of row ${fc.stringify(data)}` });
      });
    const task = (numbers: Numbers, offset: number) => placeOf(numbers.tasks[place + offset] ?? noTask);
    const starts = each("startTask", (offset, numbers) =>
      startTask({ ...task(numbers, offset), token: token + offset, from, at }),
    );
    const finishes = each("finishTask", (offset, numbers) =>
      finishTask({
        ...task(numbers, offset),
        token: token + offset,
        state,
        replacesXComs,
        xcoms: [xcom("k", offset)],
        reads: [{ taskInstanceNo: task(numbers, 0).taskInstanceNo, key: "k", sizeBytes: offset }],
        performance: performance({ cpuUs: offset }),
        at,
      }),
    );
    return ends ? [...starts, ...finishes] : starts;
  });
