import type { Dag } from "../authoring/definition.ts";
import { checkRunId, isDagId } from "../authoring/identifiers.ts";
import { coreError, shown } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import type { EngineEvent, EngineListener, FollowOptions, ObserveOptions } from "../observe/engine-event.ts";
import { follow } from "../observe/follow.ts";
import type { Observers } from "../observe/observers.ts";
import { isEngineEvent, isEventName } from "../runtime/awaited-events.ts";
import type { LiveDag } from "../scheduler/live-dag.ts";
import { loadRun } from "../scheduler/load-run.ts";
import type { RunAnswer } from "../scheduler/requests.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { EventRow, RunFilter, RunRow, Store, TaskInstanceRow } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { Randomness } from "../time/random.ts";
import { instantOf } from "../time/temporal.ts";
import type { XComServices } from "../xcom/accessor.ts";
import { LiveRunResult } from "./live-run-result.ts";
import { parseRunRequest, type RunOptions } from "./parse-run-request.ts";
import { readXCom } from "./read-xcom.ts";
import { type RunResult, summaryOf, tasksOfRows } from "./run-result.ts";

interface EngineParts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly observers: Observers;
  readonly xcoms: XComServices;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly dags: ReadonlyMap<string, LiveDag>;
}

/** Runs DAGs on one store. Made by `createEngine`. */
export class Engine {
  readonly #parts: EngineParts;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /**
   * Makes a run and waits for its end. Resolves however the run ends; its `state` tells.
   *
   * @throws `DAG_NOT_FOUND`, `PARAMS_INVALID`, `RUN_EXISTS`, `RUN_BLOCKED` (it waits for a past that cannot come right by itself), `ENGINE_STOPPED`
   */
  async run<P>(dag: Dag<P> | string, options: RunOptions<P> = {}): Promise<RunResult> {
    const answer = await this.#create(dag, options);
    if (isRunFinished(answer.state)) return this.#resultOfRow(answer.runNo);
    const end = await this.#parts.scheduler.whenEnded(answer.runNo);
    return end.run ? new LiveRunResult(end, end.run, this.#parts.xcoms) : this.#resultOfRow(end.runNo);
  }

  /** Makes a run and does not wait for it. With an idempotency key that was used before, finds that run. */
  trigger<P>(dag: Dag<P> | string, options: RunOptions<P> = {}): Promise<RunAnswer> {
    return this.#create(dag, options);
  }

  /** Stops a run: running tasks are aborted, the rest does not start. False if it had ended already. */
  async cancel(dagId: string, runId: string, reason = "cancelled on request"): Promise<boolean> {
    this.#checkOpen();
    const row = await this.#findRun(dagId, runId);
    if (isRunFinished(row.state)) return false;
    return this.#parts.scheduler.cancel(row.runNo, reason);
  }

  /**
   * Wakes every task that awaits this event, now or later.
   *
   * @throws `EVENT_NAME_INVALID`
   */
  async signal(event: string): Promise<void> {
    this.#checkOpen();
    if (!isEventName(event) || isEngineEvent(event)) throw coreError("EVENT_NAME_INVALID", { event: shown(event) });
    return this.#parts.scheduler.signal(event);
  }

  /** Goes on with the runs that a former engine left unfinished. Attempts that it was making are made again. */
  async start(): Promise<void> {
    this.#checkOpen();
    const { store, scheduler } = this.#parts;
    const active = await store.runs.active();
    await scheduler.adopt(active.map(({ runNo }) => runNo));
  }

  /**
   * Calls the listener with every event after its commit: each once, in the order of their numbers. With `after` first those
   * that are stored already. The function returned ends that.
   *
   * A listener that returns a promise gets the next event when that has settled, or after 30 s. One that throws, rejects or
   * takes too long harms nobody; it is counted, and said once as a warning (`LISTENER_FAILED`).
   *
   * @throws `SETTING_INVALID` (`after` is no number of an event)
   */
  observe(listener: EngineListener, options: ObserveOptions = {}): () => void {
    this.#checkOpen();
    return this.#parts.observers.add(listener, options);
  }

  /**
   * The same as an iterable, from the moment of the call on. However slow its consumer is, at most 1,500 events are kept for
   * it in memory. Ends with the engine, when `signal` aborts, or with `untilEnd` when the run has ended.
   *
   * @throws `SETTING_INVALID`; while it iterates, what the store throws when it cannot be read
   * @example
   * ```ts
   * import { dag } from "@millrace/core";
   * import { createEngine, memoryStore } from "@millrace/core/engine";
   *
   * const hello = dag("hello", {}, (d) => {
   *   d.task("name", () => "Ada");
   * });
   * await using engine = await createEngine({ dags: [hello], store: memoryStore() });
   * const { runNo } = await engine.trigger(hello);
   * for await (const { kind } of engine.follow({ after: 0, runNo, untilEnd: true })) console.log(kind); // run.created …
   * ```
   */
  follow(options: FollowOptions = {}): AsyncGenerator<EngineEvent, void, undefined> {
    this.#checkOpen();
    return follow(this.#parts.observers, options);
  }

  async runs(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    this.#checkOpen();
    return this.#parts.store.runs.list(filter);
  }

  /** Instances of a run's tasks, in the order of the DAG. */
  async tasks(dagId: string, runId: string): Promise<readonly TaskInstanceRow[]> {
    const { runNo } = await this.#findRun(dagId, runId);
    return this.#parts.store.tasks.ofRun(runNo);
  }

  async events(
    filter: { readonly after?: number; readonly runNo?: number; readonly limit?: number } = {},
  ): Promise<readonly EventRow[]> {
    this.#checkOpen();
    return this.#parts.store.events.list(filter);
  }

  /** A value that a task of a run left; `undefined` if there is none. */
  async xcom(
    dagId: string,
    runId: string,
    taskId: string,
    options: { readonly key?: string; readonly mapIndex?: number } = {},
  ): Promise<unknown> {
    return readXCom(this.#parts.xcoms, await this.#findRun(dagId, runId), taskId, options);
  }

  /** Aborts what runs, writes what is known, closes the store. Runs that have not ended stay as they are recorded. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#parts.scheduler.stop(coreError("ENGINE_CLOSED"));
    this.#parts.observers.close();
    await this.#parts.store.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw coreError("ENGINE_CLOSED");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #create<P>(dag: Dag<P> | string, options: RunOptions<P>): Promise<RunAnswer> {
    this.#checkOpen();
    const dagId = typeof dag === "string" ? dag : dag.id;
    if (!isDagId(dagId)) throw coreError("DAG_ID_INVALID", { what: "DAG", id: shown(dagId) });
    const live = this.#parts.dags.get(dagId);
    if (!live || (typeof dag !== "string" && live.dag !== dag)) throw coreError("DAG_NOT_FOUND", { dagId });
    const { clock, randomness, scheduler } = this.#parts;
    return scheduler.create(await parseRunRequest(live, options, { type: "manual", now: clock.now(), randomness }));
  }

  async #findRun(dagId: string, runId: string): Promise<RunRow> {
    this.#checkOpen();
    if (!isDagId(dagId)) throw coreError("DAG_ID_INVALID", { what: "DAG", id: shown(dagId) });
    const row = await this.#parts.store.runs.find(dagId, checkRunId(runId));
    if (!row) throw coreError("RUN_NOT_FOUND", { dagId, runId });
    return row;
  }

  async #resultOfRow(runNo: number): Promise<RunResult> {
    const { store, xcoms } = this.#parts;
    const stored = await loadRun(store, runNo);
    if (!stored) throw coreError("STORE_FAILED", { why: `run number ${runNo} is gone` });
    const { row, tasks } = stored;
    return {
      dagId: row.dagId,
      runId: row.runId,
      state: row.state,
      note: row.note,
      summary: summaryOf(row.state, row.note),
      startedAt: row.startedAt === null ? null : instantOf(row.startedAt),
      endedAt: row.endedAt === null ? null : instantOf(row.endedAt),
      tasks: tasksOfRows(tasks),
      xcom: (taskId, options) => readXCom(xcoms, row, taskId, options),
    };
  }
}
