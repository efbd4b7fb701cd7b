import type { Dag, MappedTaskHandle, TaskHandle } from "@millrace/core";
import type { EngineEvent, RunResult } from "@millrace/core/engine";
import { checkXComKey, readStoredXCom } from "@millrace/core/engine";
import { type LogRow, type Store, xcomBackend } from "@millrace/core/plugin";
import type { RecordedAttempt } from "../doubles/recording-executor.ts";
import { testingError } from "../errors.ts";
import { resultKey } from "./given-values.ts";
import { checkTaskId } from "./task-ids.ts";

/** A line of a task's log. */
export interface TestLogLine {
  readonly level: LogRow["level"];
  readonly message: string;
  readonly fields: unknown;
  readonly mapIndex: number;
  readonly attempt: number;
  /** Milliseconds since the epoch, of the test's clock. */
  readonly at: number;
}

/** How a run of {@link testDag} ended, and everything that it left. */
export interface TestRun extends Omit<RunResult, "xcom"> {
  /** Tasks in the order in which their attempts began; an element of a mapped task as `task[index]`. */
  readonly started: readonly string[];
  /** Everything that was recorded, in order. */
  readonly events: readonly EngineEvent[];
  /**
   * A task's result, `undefined` if it left none: of a mapped task the list of its elements' results, or one of them.
   * By handle it has the type that the task returns; by id the one you say.
   *
   * @throws `TEST_TASK_UNKNOWN`
   */
  value<T>(task: MappedTaskHandle<T>, options: { readonly mapIndex: number }): T | undefined;
  value<T>(task: TaskHandle<T>): T | undefined;
  value<T = unknown>(taskId: string, options?: { readonly mapIndex?: number }): T | undefined;
  /**
   * What a task pushed under a key, `undefined` if nothing. A stream gives its bytes.
   *
   * @throws `TEST_TASK_UNKNOWN`, `XCOM_KEY_INVALID`
   */
  xcom(task: string | TaskHandle, key: string, options?: { readonly mapIndex?: number }): unknown;
  /** Lines that the attempts of a task logged, in order. */
  logs(task: string | TaskHandle): readonly TestLogLine[];
  /**
   * The result itself if the run succeeded.
   *
   * @throws `TEST_RUN_FAILED` otherwise, whose cause is what the first task that failed threw
   */
  orThrow(): this;
}

interface Leavings {
  readonly result: RunResult;
  readonly events: readonly EngineEvent[];
  readonly attempts: readonly RecordedAttempt[];
  readonly values: ReadonlyMap<string, ReadonlyMap<number, unknown>>;
  readonly logs: readonly (TestLogLine & { readonly taskId: string })[];
}

/** Reads everything that a run has left, so that nothing is open when its result is looked at. */
export async function readTestRun(
  dag: Dag,
  store: Store,
  { runId, ...found }: Pick<Leavings, "result" | "events" | "attempts"> & { readonly runId: string },
): Promise<TestRun> {
  const run = await store.runs.find(dag.id, runId);
  if (!run) throw new Error(`run '${runId}' is gone`);
  const values = new Map<string, Map<number, unknown>>();
  for (const row of await store.xcoms.ofRun(run.runNo)) {
    const read = await readStoredXCom({ store, backend: xcomBackend(), run, row });
    const name = nameOf(row.taskId, row.key);
    const ofTask = values.get(name) ?? new Map<number, unknown>();
    values.set(name, ofTask.set(row.mapIndex, "value" in read ? read.value : await bytesOf(read.stream)));
  }
  const logs: (TestLogLine & { readonly taskId: string })[] = [];
  for (const { taskInstanceNo, taskId, mapIndex } of await store.tasks.ofRun(run.runNo)) {
    for (const line of await store.logs.list({ taskInstanceNo, limit: 10_000 })) {
      const { level, message, at, attempt } = line;
      const fields: unknown = line.fields === null ? null : JSON.parse(line.fields);
      logs.push({ taskId, mapIndex, level, message, fields, at, attempt });
    }
  }
  return new FinishedTestRun(dag, { ...found, values, logs });
}

class FinishedTestRun implements TestRun {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunResult["state"];
  readonly summary: string;
  readonly note: string | null;
  readonly startedAt: RunResult["startedAt"];
  readonly endedAt: RunResult["endedAt"];
  readonly tasks: RunResult["tasks"];
  readonly started: readonly string[];
  readonly events: readonly EngineEvent[];
  readonly #dag: Dag;
  readonly #left: Leavings;

  constructor(dag: Dag, left: Leavings) {
    const { result, events } = left;
    this.dagId = result.dagId;
    this.runId = result.runId;
    this.state = result.state;
    this.summary = result.summary;
    this.note = result.note;
    this.startedAt = result.startedAt;
    this.endedAt = result.endedAt;
    this.tasks = result.tasks;
    this.events = events;
    this.started = events.flatMap(({ kind, dagId, taskId, mapIndex = -1 }) => {
      if (kind !== "task.running" || dagId !== dag.id || taskId === undefined) return [];
      return [mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`];
    });
    this.#dag = dag;
    this.#left = left;
  }

  value<T>(task: string | TaskHandle, options: { readonly mapIndex?: number } = {}): T | undefined {
    return this.#read("value", task, resultKey, options) as T | undefined;
  }

  xcom(task: string | TaskHandle, key: string, options: { readonly mapIndex?: number } = {}): unknown {
    return this.#read("xcom", task, checkXComKey(key), options);
  }

  logs(task: string | TaskHandle): readonly TestLogLine[] {
    const taskId = this.#taskId("logs", task);
    return this.#left.logs.filter((line) => line.taskId === taskId).map(({ taskId: _, ...line }) => line);
  }

  orThrow(): this {
    if (this.state === "success") return this;
    const failed = this.#left.attempts.filter(({ dagId, state }) => dagId === this.dagId && state === "failed");
    const wrong = Object.entries(this.tasks).filter(([, { state }]) => state === "failed");
    const list = wrong.map(([id, { error, reason }]) => `  - ${id}: ${error?.message ?? reason ?? "failed"}`);
    const lastOf = (id: string): unknown => failed.findLast(({ taskId }) => taskId === id)?.thrown;
    const first = failed.map(({ taskId }) => taskId).find((id) => this.tasks[id]?.state === "failed");
    throw testingError(
      "TEST_RUN_FAILED",
      { dagId: this.dagId, state: this.state, list: list.join("\n") || `  - ${this.note ?? this.summary}` },
      first === undefined ? {} : { cause: lastOf(first) },
    );
  }

  #read(where: string, task: string | TaskHandle, key: string, options: { readonly mapIndex?: number }): unknown {
    const taskId = this.#taskId(where, task);
    const found = this.#left.values.get(nameOf(taskId, key));
    if (options.mapIndex !== undefined) return found?.get(options.mapIndex);
    const isMapped = this.#dag.tasks.some(({ id, map }) => id === taskId && map !== undefined);
    if (!isMapped) return found?.get(-1);
    return [...(found ?? [])].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  #taskId(where: string, task: string | TaskHandle): string {
    const taskId = typeof task === "string" ? task : task.id;
    checkTaskId(this.#dag, taskId, `result.${where}`);
    return taskId;
  }
}

function nameOf(taskId: string, key: string): string {
  return `${taskId}/${key}`;
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
