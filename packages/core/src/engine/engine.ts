import type { Dag } from "../authoring/definition.ts";
import { checkDagId } from "../authoring/identifiers.ts";
import { coreError, type MillraceError } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import type { EngineEvent, EngineListener, FollowOptions, ObserveOptions } from "../observe/engine-event.ts";
import { follow } from "../observe/follow.ts";
import { checkSignalName } from "../runtime/awaited-events.ts";
import type { MarkedState, Operation, OperationResult, TaskSelection } from "../scheduler/operations/operation.ts";
import type { CatchupSet, RunAnswer } from "../scheduler/requests.ts";
import type { EventRow, RunFilter, RunRow, TaskInstanceRow } from "../store/contract.ts";
import type { CatchupSetting } from "../timetable/catchup.ts";
import { type CollectedPlace, type CollectOptions, collectXComs } from "../xcom/collector/collect.ts";
import { placesOf } from "../xcom/collector/placed-refs.ts";
import { removeStreams } from "../xcom/collector/stored-streams.ts";
import { createRun, runToEnd } from "./asked-runs.ts";
import {
  checkEventFilter,
  checkListener,
  checkOperation,
  checkOptions,
  checkReason,
  checkRenewal,
  checkRunFilter,
  checkWanted,
} from "./check-arguments.ts";
import type { DryRun, EngineParts, EngineStart, StartOptions } from "./engine-parts.ts";
import { findDag, findRun } from "./find-run.ts";
import { type EngineHealth, healthOf } from "./health.ts";
import { beginWork, endWork } from "./life.ts";
import type { RunOptions } from "./parse-run-request.ts";
import { checkPool } from "./pools.ts";
import { readXCom } from "./read-xcom.ts";
import { Renewals, type RenewXComsOptions, type XComsRenewed } from "./renewals.ts";
import { type DagReplaced, type DagReplacement, replaceDags } from "./replace-dags.ts";
import { RequestDesk } from "./requests/request-desk.ts";
import type { RunResult } from "./run-result.ts";

/** Runs DAGs on one store. Made by `createEngine`. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #renewals: Renewals;
  readonly #requests: RequestDesk;
  #closed: Promise<void> | undefined;
  #isStarted = false;

  /** @internal */
  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#renewals = new Renewals(parts);
    this.#requests = new RequestDesk(parts, this.#renewals);
  }

  /**
   * Makes a run and waits for its end. Resolves however the run ends; its `state` tells.
   *
   * @throws `DAG_NOT_FOUND`, `PARAMS_INVALID`, `RUN_EXISTS`, `RUN_BLOCKED` (it waits for a past that cannot come right by itself), `ENGINE_STOPPED`
   */
  async run<P>(dag: Dag<P> | string, options: RunOptions<P> = {}): Promise<RunResult> {
    this.#checkOpen();
    return runToEnd(this.#parts, dag, options);
  }

  /** Makes a run and does not wait for it. With an idempotency key that was used before, finds that run. */
  async trigger<P>(dag: Dag<P> | string, options: RunOptions<P> = {}): Promise<RunAnswer> {
    this.#checkOpen();
    return createRun(this.#parts, dag, options);
  }

  /**
   * New runs of these DAGs get these versions; runs that there are keep what they began with.
   * Of the DAGs to be removed no new run is made.
   *
   * @throws `DAG_DUPLICATE`, `POOL_UNKNOWN`: then nothing is replaced
   */
  async replaceDags(change: DagReplacement): Promise<DagReplaced> {
    this.#checkOpen();
    return replaceDags(this.#parts, change);
  }

  /** Ids of the DAGs that runs can be made of. */
  dagIds(): readonly string[] {
    return this.#parts.dags.ids();
  }

  /** No scheduled run of the DAG is made until it is unpaused. Runs that people ask for are made all the same. */
  pause(dagId: string): Promise<void> {
    return this.#setPaused(dagId, true);
  }

  unpause(dagId: string): Promise<void> {
    return this.#setPaused(dagId, false);
  }

  /**
   * Has tasks of a run run again, with those that depend on them; a run that had ended goes on. What they pushed is removed,
   * their attempts count from anew. A task under way is stopped first.
   *
   * @throws `RUN_NOT_FOUND`, `TASK_NOT_FOUND`, `DAG_VERSION_GONE`
   */
  async clear(dagId: string, runId: string, options: TaskSelection & DryRun = {}): Promise<OperationResult> {
    const { dryRun, ...selection } = checkOptions(options, "engine.clear");
    return this.#operate(dagId, runId, { kind: "clear", selection }, dryRun);
  }

  /**
   * Has a run go on that failed or was cancelled: clears what failed, was cancelled or could not run, and what depends on it.
   *
   * @throws `RUN_NOT_FOUND`, `NOTHING_TO_RETRY`, `DAG_VERSION_GONE`
   */
  async retry(dagId: string, runId: string, options: DryRun = {}): Promise<OperationResult> {
    return this.#operate(dagId, runId, { kind: "retry" }, checkOptions(options, "engine.retry").dryRun);
  }

  /**
   * Gives tasks of a run a state by hand. Behind tasks marked as success or skipped, what failed is cleared.
   *
   * @throws `RUN_NOT_FOUND`, `TASK_NOT_FOUND`, `DAG_VERSION_GONE`
   */
  async mark(
    dagId: string,
    runId: string,
    state: MarkedState,
    options: TaskSelection & DryRun = {},
  ): Promise<OperationResult> {
    const { dryRun, ...selection } = checkOptions(options, "engine.mark");
    return this.#operate(dagId, runId, { kind: "mark", selection, state }, dryRun);
  }

  /**
   * Removes values that a run left: of one task or all, all keys or some.
   *
   * @throws `RUN_NOT_FOUND`, `TASK_NOT_FOUND`, `DAG_VERSION_GONE`
   */
  async clearXComs(
    dagId: string,
    runId: string,
    options: {
      readonly task?: string;
      readonly mapIndex?: number;
      readonly keys?: readonly string[];
    } & DryRun = {},
  ): Promise<OperationResult> {
    const { dryRun, ...which } = checkOptions(options, "engine.clearXComs");
    return this.#operate(dagId, runId, { kind: "clearXComs", ...which }, dryRun);
  }

  /**
   * Has a page of XComs written anew that would be written otherwise today: with a newer key, say, which `isStale` of their
   * stages tells. Ask on after `next` until there is none. Nothing has to be remembered between pages or processes: what was
   * renewed is not stale any more. Tasks go on meanwhile; what they push or clear holds. What cannot be read is named and
   * stays as it is. Each page is one commit, and writes one event, `xcom.renewed`. It ends early after about 5 s or 4 MiB.
   *
   * What the old forms kept outside of the store is removed, that of streams while runs are under way by the collector.
   *
   * @throws `DAG_OPTION_INVALID`, what the store throws
   * @example
   * ```ts
   * import { createEngine, memoryStore } from "@millrace/core/engine";
   *
   * await using engine = await createEngine({ store: memoryStore() });
   * for (let page = await engine.renewXComs(); ; page = await engine.renewXComs({ after: page.next })) {
   *   console.log(page.renewed, page.failed.length); // 0 0
   *   if (!page.next) break;
   * }
   * ```
   */
  async renewXComs(options: RenewXComsOptions & DryRun = {}): Promise<XComsRenewed> {
    this.#checkOpen();
    const { dryRun = false, ...page } = checkRenewal(options);
    return this.#renewals.page(page, dryRun);
  }

  /**
   * Sets the number of slots of a pool, and makes it if it is new.
   *
   * @throws `POOL_INVALID`
   */
  async setPool(pool: string, slots: number): Promise<void> {
    this.#checkOpen();
    checkPool(pool, slots);
    return this.#parts.scheduler.ask.putPool(pool, slots, null);
  }

  /**
   * Sets which missed runs of a DAG are made up for, whatever its code and its source say; `null` ends that. It holds from the
   * next run on, also for engines that come later, and is recorded as the event `dag.catchup_changed` if it changes anything.
   *
   * @param options - `by`: who it is, for the event; default `engine.setCatchup`
   * @throws `CATCHUP_INVALID`, `DAG_NOT_FOUND` (the engine does not have the DAG)
   * @example
   * ```ts
   * import { dag } from "@millrace/core";
   * import { createEngine, memoryStore } from "@millrace/core/engine";
   *
   * const sales = dag("sales", { catchup: true }, (d) => {
   *   d.task("load", () => 1);
   * });
   * await using engine = await createEngine({ dags: [sales], store: memoryStore() });
   * const set = await engine.setCatchup("sales", { maxRuns: 10 });
   * console.log(set.old, set.new, set.from); // true { maxRuns: 10 } store
   * ```
   */
  async setCatchup(
    dagId: string,
    setting: CatchupSetting | null,
    options: { readonly by?: string } = {},
  ): Promise<CatchupSet> {
    this.#checkOpen();
    const { by = "engine.setCatchup" } = checkOptions(options, "engine.setCatchup");
    return this.#parts.catchup.set(checkDagId(dagId), setting, {
      by: checkReason(by, "engine.setCatchup", "by"),
      requestNo: null,
    });
  }

  /** Stops a run: running tasks are aborted, the rest does not start. False if it had ended already. */
  async cancel(dagId: string, runId: string, reason = "cancelled on request"): Promise<boolean> {
    this.#checkOpen();
    const row = await this.#findRun(dagId, runId);
    checkReason(reason);
    if (isRunFinished(row.state)) return false;
    return this.#parts.scheduler.ask.cancel(row.runNo, reason, null);
  }

  /**
   * Wakes every task that awaits this event, now or later.
   *
   * @throws `EVENT_NAME_INVALID`
   */
  async signal(event: string): Promise<void> {
    this.#checkOpen();
    return this.#parts.scheduler.ask.signal(checkSignalName(event), null);
  }

  /**
   * Goes on with the runs that a former engine left unfinished, starts the services, and from then on makes the runs that
   * are due by the schedules of DAGs, those first that were missed meanwhile and are wanted. Attempts that a former engine was
   * making are made again. Runs that cannot go on are named in the answer; they stay as they are.
   *
   * @throws `SERVICE_START_FAILED`, and what parts of the XCom backend throw that are not ready
   */
  async start(options: StartOptions = {}): Promise<EngineStart> {
    this.#checkOpen();
    const started = await beginWork(this, this.#parts, {
      ...options,
      answerEarly: () => this.#requests.servicesStarted(),
    });
    this.#isStarted = true;
    return started;
  }

  /** No attempt begins any more. Resolves when those under way have ended; then the engine can be closed without loss. */
  drain(): Promise<void> {
    this.#checkOpen();
    return this.#parts.scheduler.drain();
  }

  /**
   * Resolves when the engine works no more: with the error that stopped it (`ENGINE_STOPPED`), or with `undefined` after
   * `close()`. Until then nothing that happens to it needs attention.
   */
  whenStopped(): Promise<MillraceError | undefined> {
    return this.#parts.scheduler.whenStopped().then((error) => (error.code === "ENGINE_CLOSED" ? undefined : error));
  }

  /** How it is at this moment. Never fails, not even when it is closed. */
  health(): EngineHealth {
    return healthOf(this.#parts.scheduler.health, this.#isStarted);
  }

  /** Does what other processes have asked for in the store. Gives how many requests that were. See `requestService`. */
  answerRequests(): Promise<number> {
    this.#checkOpen();
    return this.#requests.answerAll();
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
    return this.#parts.observers.add(checkListener(listener), checkWanted(options, "engine.observe"));
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
    return follow(this.#parts.observers, checkWanted(options, "engine.follow"));
  }

  /**
   * Removes what the places of its XCom backend keep and nothing leads to, and streams in the store likewise; see
   * {@link collectXComs}. `collectorService` does so every hour.
   *
   * @throws `DURATION_INVALID`, and the reason of an aborted `signal`
   */
  async collectXComs(
    options: Pick<CollectOptions, "olderThan" | "scope" | "signal"> & DryRun = {},
  ): Promise<readonly CollectedPlace[]> {
    this.#checkOpen();
    const { store, clock, xcoms, scheduler } = this.#parts;
    return collectXComs({
      ...checkOptions(options, "engine.collectXComs"),
      store,
      clock,
      places: placesOf(xcoms.backend.parts),
      removeStreams: (streamIds) => removeStreams((change) => scheduler.ask.write(change), streamIds),
    });
  }

  /** What the engine and its tasks measure: docs/metrics.md lists it. `prometheus()` gives it as a page of Prometheus' text format 0.0.4. */
  get metrics(): { prometheus(): string } {
    return this.#parts.metrics;
  }

  async runs(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    this.#checkOpen();
    return this.#parts.store.runs.list(checkRunFilter(filter));
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
    return this.#parts.store.events.list(checkEventFilter(filter));
  }

  /** A value that a task of a run left; `undefined` if there is none. */
  async xcom(
    dagId: string,
    runId: string,
    taskId: string,
    options: { readonly key?: string; readonly mapIndex?: number } = {},
  ): Promise<unknown> {
    const wanted = checkOptions(options, "engine.xcom");
    return readXCom(this.#parts.xcoms, await this.#findRun(dagId, runId), taskId, wanted);
  }

  /** Stops the services, aborts what runs and hands it back, writes what is known, closes the store. The next engine goes on from there. */
  close(): Promise<void> {
    this.#closed ??= this.#renewals.close().then(() => endWork(this.#parts));
    return this.#closed;
  }

  #checkOpen(): void {
    if (this.#closed) throw coreError("ENGINE_CLOSED");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #setPaused(dagId: string, paused: boolean): Promise<void> {
    this.#checkOpen();
    await findDag(this.#parts.store, dagId);
    return this.#parts.scheduler.ask.pause(dagId, paused, null);
  }

  async #operate(dagId: string, runId: string, operation: Operation, isDryRun = false): Promise<OperationResult> {
    const { runNo } = await this.#findRun(dagId, runId);
    checkOperation(operation);
    return this.#parts.scheduler.ask.operate(runNo, operation, { isDryRun, requestNo: null });
  }

  async #findRun(dagId: string, runId: string): Promise<RunRow> {
    this.#checkOpen();
    return findRun(this.#parts.store, dagId, runId);
  }
}
