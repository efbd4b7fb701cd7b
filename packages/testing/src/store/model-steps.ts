import type { RunState, RunType } from "@millrace/core/plugin";
import fc from "fast-check";
import { createRun, fileRequest, registerDag, updateRun } from "./changes.ts";
import { backfilling } from "./model-backfill-steps.ts";
import { at, instant, json, key, pick, text, told } from "./model-data.ts";
import { nowhere, runAt, type Step, taskAt } from "./model-numbers.ts";
import {
  attempting,
  expandingAndCollapsing,
  finishing,
  inRow,
  movingTask,
  starting,
  undoing,
} from "./model-task-steps.ts";

export const taskIdsOfPrint: readonly (readonly string[])[] = [["a", "b", "c", "d", "e"], ["c", "new", "a"], []];

const runStates: readonly RunState[] = ["queued", "running", "success", "failed", "cancelled"];
const runTypes: readonly RunType[] = ["scheduled", "manual", "backfill", "triggered"];
const fromRun = fc.oneof(
  { weight: 3, arbitrary: fc.constant(runStates) },
  { weight: 1, arbitrary: fc.subarray([...runStates]) },
);

const registering = told(
  "registerDag",
  fc.record({
    dag: fc.nat({ max: 1 }),
    print: fc.nat({ max: taskIdsOfPrint.length - 1 }),
    paused: fc.boolean(),
    startDate: instant,
    startDateIsRelative: fc.boolean(),
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

const movingRun = told(
  "updateRun",
  fc.record({ run: pick, from: fromRun, to: fc.constantFrom(...runStates), note: text, at }),
  ({ run, ...rest }, numbers) => updateRun({ runNo: runAt(numbers, run), ...rest }),
);

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

const recording = fc.oneof(
  told(
    "advanceSchedule",
    fc.record({ dag: fc.nat({ max: 2 }), intervalStart: fc.nat({ max: 3 }), intervalEnd: fc.nat({ max: 3 }), at }),
    ({ dag, ...rest }, { dagNos }) => ({ kind: "advanceSchedule", dagNo: dagNos[dag] ?? nowhere, ...rest }),
  ),
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
    "replaceXCom",
    fc.record({
      task: pick,
      key,
      expected: fc.nat({ max: 3 }),
      put: fc.record({
        format: fc.constantFrom("json", "envelope"),
        stored: fc.nat({ max: 9 }).map(String),
        sizeBytes: pick,
      }),
      at,
    }),
    ({ task, expected, ...rest }, numbers) => ({
      kind: "replaceXCom",
      taskInstanceNo: taskAt(numbers, task).taskInstanceNo,
      expected: String(expected),
      ...rest,
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

/** What is removed for its age. */
const retaining = fc.oneof(
  told("deleteRuns", fc.record({ runs: fc.array(pick, { maxLength: 3 }), at }), ({ runs, at }, numbers) => ({
    kind: "deleteRuns",
    runNos: runs.map((run) => runAt(numbers, run)),
    at,
  })),
  told("deleteXComsOfRuns", fc.record({ runs: fc.array(pick, { maxLength: 3 }), at }), ({ runs, at }, numbers) => ({
    kind: "deleteXComsOfRuns",
    runNos: runs.map((run) => runAt(numbers, run)),
    at,
  })),
  told("deleteEvents", fc.record({ event: pick, limit: fc.nat({ max: 9 }) }), ({ event, limit }, { seqs }) => ({
    kind: "deleteEvents",
    upTo: seqs[event % Math.max(seqs.length, 1)] ?? 0,
    limit,
  })),
  told("deleteLogs", fc.record({ limit: fc.nat({ max: 3 }) }), ({ limit }) => ({
    kind: "deleteLogs",
    upTo: nowhere,
    limit,
  })),
);

const alone = (arbitrary: fc.Arbitrary<Step>) => arbitrary.map((step) => [step]);

/** What backfills are about: one step, or a few that belong together. */
export const backfillSteps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 1, arbitrary: alone(registering) },
  { weight: 2, arbitrary: alone(creating) },
  { weight: 1, arbitrary: alone(movingRun) },
  { weight: 14, arbitrary: backfilling },
  { weight: 1, arbitrary: alone(retaining) },
);

/** One step of anything else, or a few that belong together. */
export const anySteps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 2, arbitrary: alone(registering) },
  { weight: 4, arbitrary: alone(creating) },
  { weight: 2, arbitrary: alone(movingRun) },
  { weight: 4, arbitrary: alone(movingTask) },
  { weight: 2, arbitrary: alone(starting) },
  { weight: 2, arbitrary: alone(finishing) },
  { weight: 8, arbitrary: attempting },
  { weight: 3, arbitrary: inRow },
  { weight: 4, arbitrary: alone(recording) },
  { weight: 4, arbitrary: alone(undoing) },
  { weight: 2, arbitrary: expandingAndCollapsing },
  { weight: 3, arbitrary: alone(requesting) },
  { weight: 1, arbitrary: alone(retaining) },
);
