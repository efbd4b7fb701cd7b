import {
  type Change,
  type Outcome,
  type RunState,
  type RunType,
  TASK_STATES,
  type TaskState,
} from "@millrace/core/plugin";
import fc from "fast-check";
import {
  clearTask,
  collapseTask,
  createRun,
  expandTask,
  fileRequest,
  finishTask,
  noon,
  performance,
  registerDag,
  returnTask,
  setTask,
  startTask,
  updateRun,
  xcom,
} from "./changes.ts";

/** The numbers that one store handed out, in the order in which it did. Two stores may number differently. */
export interface Numbers {
  readonly dagNos: number[];
  readonly versions: { readonly dagNo: number; readonly versionNo: number; readonly size: number }[];
  readonly runNos: number[];
  readonly requestNos: number[];
  readonly tasks: { readonly taskInstanceNo: number; readonly runNo: number; readonly taskNo: number }[];
}

/** Builds a change from the numbers of the store that it is for. */
export type Step = (numbers: Numbers) => Change;

export const taskIdsOfPrint: readonly (readonly string[])[] = [["a", "b", "c", "d", "e"], ["c", "new", "a"], []];

const nowhere = 999_999_999;
const noTask = { taskInstanceNo: nowhere, runNo: nowhere, taskNo: 0 };
const pick = fc.nat({ max: 1_000_000 });
const runStates: readonly RunState[] = ["queued", "running", "success", "failed", "cancelled"];
const runTypes: readonly RunType[] = ["scheduled", "manual", "backfill", "triggered"];
const anyTaskState = fc.constantFrom<TaskState>(...TASK_STATES);
/** Mostly every state, so that most moves go through. */
const fromTask = fc.oneof(
  { weight: 3, arbitrary: fc.constant(TASK_STATES) },
  { weight: 1, arbitrary: fc.subarray([...TASK_STATES]) },
);
const fromRun = fc.oneof(
  { weight: 3, arbitrary: fc.constant(runStates) },
  { weight: 1, arbitrary: fc.subarray([...runStates]) },
);
const at = fc.nat({ max: 50 }).map((offset) => noon + offset);
const token = fc.integer({ min: 1, max: 2 });
const key = fc.constantFrom("k", "l", "m");
const text = fc.option(fc.constantFrom("plain", "äöü", "a 'quoted' text", ""));
const json = fc.option(fc.constantFrom('{"name":"E","message":"m"}', '{"name":"E","message":"\\u0000"}'));
const instant = fc.option(fc.integer({ min: -5, max: 5 }));

/** Task instances and runs are picked from the few newest ones more often, so that moves follow one another. */
function taskAt(numbers: Numbers, index: number) {
  const { tasks } = numbers;
  const place = index % 11 === 10 ? index % Math.max(tasks.length, 1) : Math.max(tasks.length - 1 - (index % 4), 0);
  return tasks[place] ?? noTask;
}

function runAt({ runNos }: Numbers, index: number): number {
  return runNos[index % Math.max(runNos.length, 1)] ?? nowhere;
}

/** Steps made from plain data, which a failing sequence shows instead of the code of a function. */
function told<T>(
  kind: Change["kind"],
  data: fc.Arbitrary<T>,
  make: (data: T, numbers: Numbers) => Change,
): fc.Arbitrary<Step> {
  return data.map((value) => {
    const step: Step = (numbers) => make(value, numbers);
    return Object.assign(step, { [fc.toStringMethod]: () => `${kind} ${fc.stringify(value)}` });
  });
}

const registering = told(
  "registerDag",
  fc.record({
    dag: fc.nat({ max: 1 }),
    print: fc.nat({ max: taskIdsOfPrint.length - 1 }),
    paused: fc.boolean(),
    startDate: instant,
    bundle: fc.option(fc.constantFrom("code-1", "code-2")),
    at,
  }),
  ({ dag, print, ...rest }) => {
    const taskIds = taskIdsOfPrint[print] ?? [];
    return registerDag({
      dagId: `dag-${dag}`,
      fingerprint: `print-${print}`,
      taskIds,
      snapshot: `{"print":${print}}`,
      ...rest,
    });
  },
);

const creating = told(
  "createRun",
  fc.record({
    version: pick,
    id: fc.nat({ max: 9 }),
    type: fc.constantFrom(...runTypes),
    date: fc.nat({ max: 3 }),
    key: fc.option(fc.nat({ max: 3 })),
    params: json,
    at,
  }),
  ({ version, id, type, date, key, params, at }, { versions }) => {
    const place = versions[version % Math.max(versions.length, 1)];
    return createRun({
      dagNo: place?.dagNo ?? nowhere,
      versionNo: place?.versionNo ?? nowhere,
      runId: `run-${id}`,
      type,
      logicalDate: date,
      intervalStart: date,
      idempotencyKey: key === null ? null : `key-${key}`,
      params,
      at,
    });
  },
);

const moving = fc.oneof(
  told(
    "updateRun",
    fc.record({ run: pick, from: fromRun, to: fc.constantFrom(...runStates), note: text, at }),
    ({ run, ...rest }, numbers) => updateRun({ runNo: runAt(numbers, run), ...rest }),
  ),
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
const undoing = fc.oneof(
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
const expandingAndCollapsing = fc
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

const requesting = fc.oneof(
  told(
    "fileRequest",
    fc.record({ id: fc.nat({ max: 6 }), operation: fc.constantFrom("pause", "clear"), at }),
    ({ id, operation, at }) => fileRequest(`request-${id}`, { operation, at }),
  ),
  told("answerRequest", fc.record({ request: pick, answer: fc.constantFrom('"yes"', "null"), at }), (data, numbers) => {
    const { request, ...rest } = data;
    const { requestNos } = numbers;
    return {
      kind: "answerRequest",
      requestNo: requestNos[request % Math.max(requestNos.length, 1)] ?? nowhere,
      ...rest,
    };
  }),
  told("deleteRequests", fc.record({ answeredBefore: at }), (data) => ({ kind: "deleteRequests", ...data })),
);

const starting = told(
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

const finishing = told("finishTask", ending, ({ task, xcoms, deletes, reads, cost, ...rest }, numbers) =>
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
const attempting = fc
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
const inRow = fc
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

const recording = fc.oneof(
  told("setDagPaused", fc.record({ dag: fc.nat({ max: 2 }), paused: fc.boolean(), at }), ({ dag, ...rest }) => ({
    kind: "setDagPaused",
    dagId: `dag-${dag}`,
    ...rest,
  })),
  told(
    "appendLogs",
    fc.record({
      task: pick,
      attempt: fc.integer({ min: 1, max: 2 }),
      messages: fc.array(fc.constantFrom("a", "b"), { maxLength: 3 }),
      at,
    }),
    ({ task, attempt, messages, at }, numbers) => ({
      kind: "appendLogs",
      taskInstanceNo: taskAt(numbers, task).taskInstanceNo,
      attempt,
      lines: messages.map((message) => ({ at, level: "info", message, fields: null })),
    }),
  ),
  told(
    "putState",
    fc.record({
      namespace: fc.constantFrom("n", "o"),
      key,
      value: fc.option(fc.constantFrom("1", "2")),
      expected: fc.constantFrom(undefined, null, "1", "2"),
      at,
    }),
    ({ expected, ...rest }) => ({ kind: "putState", ...rest, ...(expected === undefined ? {} : { expected }) }),
  ),
  told("putSetting", fc.record({ key, value: fc.option(fc.constantFrom("1", "2")), at }), (data) => ({
    kind: "putSetting",
    ...data,
  })),
  told("putPool", fc.record({ pool: fc.constantFrom("p", "q"), slots: fc.nat({ max: 2 }), at }), (data) => ({
    kind: "putPool",
    ...data,
  })),
  told(
    "putChunk",
    fc.record({
      streamId: fc.constantFrom("s", "t"),
      seq: fc.nat({ max: 2 }),
      bytes: fc.uint8Array({ maxLength: 3 }),
      at,
    }),
    (data) => ({ kind: "putChunk", ...data }),
  ),
  told("deleteChunks", fc.record({ streamId: fc.constantFrom("s", "t") }), (data) => ({
    kind: "deleteChunks",
    ...data,
  })),
  told(
    "appendEvent",
    fc.record({
      run: fc.option(pick),
      dagId: fc.option(fc.constant("elsewhere")),
      attempt: fc.option(fc.nat({ max: 3 })),
      data: json,
      at,
    }),
    ({ run, ...rest }, numbers) => ({
      kind: "appendEvent",
      event: { kind: "note", taskInstanceNo: null, runNo: run === null ? null : runAt(numbers, run), ...rest },
    }),
  ),
);

const alone = (arbitrary: fc.Arbitrary<Step>) => arbitrary.map((step) => [step]);

/** One step, or a few that belong together. */
export const anySteps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 2, arbitrary: alone(registering) },
  { weight: 4, arbitrary: alone(creating) },
  { weight: 5, arbitrary: alone(moving) },
  { weight: 2, arbitrary: alone(starting) },
  { weight: 2, arbitrary: alone(finishing) },
  { weight: 8, arbitrary: attempting },
  { weight: 3, arbitrary: inRow },
  { weight: 4, arbitrary: alone(recording) },
  { weight: 4, arbitrary: alone(undoing) },
  { weight: 2, arbitrary: expandingAndCollapsing },
  { weight: 3, arbitrary: alone(requesting) },
);

/** Remembers the numbers that an outcome hands out. */
export function note(numbers: Numbers, change: Change, outcome: Outcome): void {
  if (outcome.status === "registered" && change.kind === "registerDag") {
    const { dagNo, versionNo } = outcome;
    if (!numbers.dagNos.includes(dagNo)) numbers.dagNos.push(dagNo);
    if (outcome.isNewVersion) numbers.versions.push({ dagNo, versionNo, size: change.taskIds.length });
  } else if (outcome.status === "created" && change.kind === "createRun") {
    numbers.runNos.push(outcome.runNo);
    const size = numbers.versions.find(({ versionNo }) => versionNo === change.versionNo)?.size ?? 0;
    for (let taskNo = 0; taskNo < size; taskNo++) {
      numbers.tasks.push({ taskInstanceNo: outcome.firstTaskInstanceNo + taskNo, runNo: outcome.runNo, taskNo });
    }
  } else if (outcome.status === "filed") {
    if (!numbers.requestNos.includes(outcome.requestNo)) numbers.requestNos.push(outcome.requestNo);
  } else if (outcome.status === "expanded" && change.kind === "expandTask") {
    for (let index = 1; index < change.count; index++) {
      numbers.tasks.push({
        taskInstanceNo: outcome.firstTaskInstanceNo + index - 1,
        runNo: change.runNo,
        taskNo: change.taskNo,
      });
    }
  }
}

function placeOf({ taskInstanceNo, runNo }: { readonly taskInstanceNo: number; readonly runNo: number }) {
  return { taskInstanceNo, runNo };
}
