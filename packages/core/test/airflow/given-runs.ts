import { fingerprintOf, snapshotOf } from "../../src/graph/snapshot.ts";
import type { Dag } from "../../src/index.ts";
import { isRunFinished, type RunState, type RunType, type TaskState } from "../../src/lifecycle/states.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Change } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";

/** A run that the store holds before the engine opens it. */
export interface GivenRun {
  /** By task; a task that is not named, or has null, was never started. */
  readonly states: Readonly<Record<string, TaskState | null>>;
  /** Milliseconds. Default: days one after the other. */
  readonly logicalDate?: number;
  readonly interval?: readonly [start: number, end: number];
  readonly type?: RunType;
  /** Default `running`. */
  readonly state?: RunState;
  /** Of another version of the DAG. */
  readonly version?: Dag;
}

/** What the engine made of the given runs. */
export interface Resumed extends TestEngine {
  /** Attempts that it began, as `run 1: task` or `run 1: task[0]`. */
  readonly begun: readonly string[];
  runState(run: number): Promise<RunState>;
  /** States by task, of a mapped task the list of its instances'. */
  statesOf(run: number): Promise<Record<string, TaskState | TaskState[]>>;
  reasonOf(run: number, task: string): Promise<string | null>;
}

const dayMs = 86_400_000;
const firstDay = Date.UTC(2016, 0, 1);

/**
 * Puts runs into a store as they are given and lets an engine go on with them until nothing more happens by itself: what
 * Airflow's tests do by setting states and asking for the next decision.
 *
 * @param performs - false: attempts begin and never end, so that only decisions are seen
 */
export async function resume(
  dag: Dag,
  given: readonly GivenRun[],
  { performs = false, now = Date.UTC(2026, 9, 22) }: { readonly performs?: boolean; readonly now?: number } = {},
): Promise<Resumed> {
  const store = memoryStore();
  const clock = new ManualClock(now);
  await store.open("engine");
  const runNos: number[] = [];
  for (const [index, run] of given.entries()) runNos.push(await putRun(store, dag, run, index));

  const begun: string[] = [];
  const opened = await openEngine({
    dags: [dag],
    store,
    clock,
    ...(performs ? {} : { executor: endlessExecutor((job) => begun.push(job)) }),
  });
  await clock.drive(opened.engine.start());
  await clock.settle();
  const rowsOf = (run: number) => store.tasks.ofRun(runNos[run]);
  return {
    ...opened,
    begun,
    runState: async (run) => (await store.runs.get(runNos[run]))?.state as RunState,
    async statesOf(run) {
      const states: Record<string, TaskState | TaskState[]> = {};
      for (const { taskId, mapIndex, state } of await rowsOf(run)) {
        if (mapIndex < 0) states[taskId] = state;
        else states[taskId] = [...((states[taskId] as TaskState[] | undefined) ?? []), state];
      }
      return states;
    },
    reasonOf: async (run, task) => (await rowsOf(run)).find(({ taskId }) => taskId === task)?.reason ?? null,
  };
}

async function putRun(store: ReturnType<typeof memoryStore>, dag: Dag, run: GivenRun, index: number): Promise<number> {
  const { version = dag, type = "manual", logicalDate = firstDay + index * dayMs, state = "running" } = run;
  const snapshot = JSON.stringify(snapshotOf(version));
  const taskIds = version.tasks.map(({ id }) => id);
  const at = logicalDate;
  const [registered] = await store.commit([
    {
      kind: "registerDag",
      dagId: version.id,
      fingerprint: fingerprintOf(snapshot),
      snapshot,
      bundle: null,
      taskIds,
      paused: false,
      startDate: null,
      startDateIsRelative: false,
      at,
    },
  ]);
  if (registered.status !== "registered") throw new Error("the DAG was not registered");
  const { dagNo, versionNo } = registered;
  const [intervalStart, intervalEnd] = run.interval ?? [logicalDate, logicalDate];
  const created = (
    await store.commit([
      {
        kind: "createRun",
        dagNo,
        versionNo,
        runId: `run-${index + 1}`,
        type,
        logicalDate,
        intervalStart,
        intervalEnd,
        params: null,
        conf: null,
        idempotencyKey: null,
        backfill: null,
        at,
      },
    ])
  )[0];
  if (created.status !== "created") throw new Error("the run was not created");
  const { runNo, firstTaskInstanceNo } = created;
  const changes: Change[] = taskIds.flatMap((taskId, taskNo) =>
    movesTo(run.states[taskId] ?? "scheduled", { runNo, taskInstanceNo: firstTaskInstanceNo + taskNo, at }),
  );
  if (state !== "queued") changes.push({ kind: "updateRun", runNo, from: ["queued"], to: "running", note: null, at });
  if (isRunFinished(state)) changes.push({ kind: "updateRun", runNo, from: ["running"], to: state, note: null, at });
  for (const outcome of await store.commit(changes))
    if (outcome.status !== "done") throw new Error(`a given state was refused: ${JSON.stringify(outcome)}`);
  return runNo;
}

/** The changes by which an instance comes to be in a state. */
function movesTo(
  state: TaskState,
  { runNo, taskInstanceNo, at }: { readonly runNo: number; readonly taskInstanceNo: number; readonly at: number },
): Change[] {
  const about = { taskInstanceNo, runNo, at };
  switch (state) {
    case "scheduled":
      return [];
    case "upstream_failed":
    case "removed":
    case "cancelled":
    case "queued":
      return [{ kind: "setTask", ...about, from: ["scheduled"], to: state, reason: "given" }];
  }
  const token = 1_000_000 + taskInstanceNo;
  const start: Change = { kind: "startTask", ...about, from: ["scheduled"], token, attempt: 1 };
  if (state === "running") return [start];
  return [
    start,
    {
      kind: "finishTask",
      ...about,
      token,
      attempt: 1,
      state,
      error: null,
      wakeAt: state === "up_for_retry" || state === "up_for_reschedule" ? Date.UTC(2100, 0, 1) : null,
      awaits: state === "waiting" ? "something" : null,
      replacesXComs: false,
      xcoms: [],
      deletes: [],
      reads: [],
      performance: null,
    },
  ];
}

/** Takes every attempt and ends none. */
function endlessExecutor(tell: (job: string) => void): Executor {
  return {
    start: () => undefined,
    submit: ({ run, task, mapIndex }) =>
      tell(`${run.runId.replace("-", " ")}: ${task.id}${mapIndex < 0 ? "" : `[${mapIndex}]`}`),
    cancel: () => undefined,
    freeSlots: () => 32,
    stop: async () => undefined,
  };
}
