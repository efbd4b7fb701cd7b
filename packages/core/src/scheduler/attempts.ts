import { coreError } from "../errors.ts";
import { TASK_STATES, type TaskState } from "../lifecycle/states.ts";
import { maskedError } from "../masking/masked-texts.ts";
import { AttemptTable } from "../runtime/attempt-table.ts";
import { AbortHandle, type JobOutcome } from "../runtime/job.ts";
import type { Outcome, ReturnTask, StoredError, TaskInstanceRow, XComRow } from "../store/contract.ts";
import { monotonicOf } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import { callTaskCallback, hasCallback } from "./callbacks.ts";
import { decideEnd } from "./decide-end.ts";
import type { Desk } from "./desk.ts";
import { LiveJobRun } from "./job-run.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import { tokenOf } from "./lost-attempts.ts";
import type { Waiting } from "./waiting.ts";

/** Lists of one state each, the same for every change that names one. */
const only = Object.fromEntries(TASK_STATES.map((state) => [state, [state]])) as unknown as Readonly<
  Record<TaskState, readonly [TaskState]>
>;

/** Attempts under way: their start, their end, and what they hold meanwhile. */
export class Attempts {
  /** By token: attempts that the executor makes, and those that it is given once the group is stored. */
  readonly inflight = new AttemptTable<Instance>();
  /** Attempts whose start was stored before this tick and that the executor gets after it: they take slots that look free. */
  taking = 0;
  /** Taken out of `inflight` by the tick under way; put back if its group cannot be stored. */
  readonly #taken: { readonly token: number; readonly instance: Instance }[] = [];
  readonly #desk: Desk;
  readonly #waiting: Waiting;
  readonly #onStarted = (outcome: Outcome, instance: Instance): void => {
    if (outcome.status === "done") this.#submit(instance, instance.token);
    else this.#desk.lostTouch(instance.run);
  };
  readonly #onFinished = (outcome: Outcome, instance: Instance): void => {
    if (outcome.status !== "done") this.#desk.lostTouch(instance.run);
  };
  #epoch = 0;
  #tokens = 0;

  constructor(desk: Desk, waiting: Waiting) {
    this.#desk = desk;
    this.#waiting = waiting;
  }

  /** @param epoch - of the opened store; tokens of another engine are never those of this one */
  begin(epoch: number): void {
    this.#epoch = epoch;
  }

  /** What this tick takes out of flight is remembered until the next one. */
  beginTick(): void {
    this.#taken.length = 0;
    this.taking = 0;
  }

  /** The group of this tick was not stored: what it took out of flight still flies, as far as memory knows. */
  undoTick(): void {
    for (const { token, instance } of this.#taken) this.inflight.set(token, instance);
    this.#taken.length = 0;
  }

  /** Plans an attempt; it is made once that is stored. */
  start(instance: Instance): void {
    const { now, plan } = this.#desk;
    const { run, state } = instance;
    instance.isReady = false;
    instance.isResumed = state === "up_for_reschedule" || state === "waiting";
    if (!instance.isResumed) instance.attempt++;
    const token = tokenOf(this.#epoch, ++this.#tokens);
    const { no, attempt } = instance;
    instance.token = token;
    instance.state = "running";
    instance.startedAt = now;
    instance.error = null;
    instance.abort = new AbortHandle();
    instance.isSubmitted = false;
    this.inflight.set(token, instance);
    plan.add(
      { kind: "startTask", taskInstanceNo: no, runNo: run.row.runNo, from: only[state], token, attempt, at: now },
      this.#onStarted,
      instance,
    );
  }

  /** @param removed - XComs that its end removes, where something outside of the store is to go with them */
  finished(token: number, made: JobOutcome, removed: readonly XComRow[] = []): void {
    const instance = this.#take(token);
    if (!instance) return;
    const { masker } = this.#desk.services;
    const outcome =
      made.error !== undefined && masker.isActive ? { ...made, error: maskedError(made.error, masker) } : made;
    if (removed.length === 0) return this.#finish(instance, outcome);
    this.#finish(instance, outcome, (stored) => {
      this.#onFinished(stored, instance);
      // What is still recorded is still needed.
      if (stored.status === "done") this.#desk.services.purger.add(instance.run.row, removed);
    });
  }

  /** An attempt that takes too long fails now, whether or not it listens to its signal. */
  timedOut(token: number): void {
    const instance = this.#take(token);
    if (!instance) return;
    const { plan, services } = this.#desk;
    const task = instance.run.graph.tasks[instance.taskNo];
    const error = coreError("TASK_TIMEOUT", {
      taskId: task.id,
      timeout: formatDuration(task.executionTimeoutMs as number),
    });
    plan.after(() => services.executor.cancel(token, error));
    const stored = { name: error.name, message: `${error.message}. ${error.cure}`, code: error.code };
    this.#finish(instance, {
      state: "failed",
      thrown: error,
      error: stored,
      isFinal: false,
      wakeAt: null,
      awaits: null,
      xcoms: [],
      deletes: [],
    });
  }

  /** Stops an attempt; its outcome no longer counts. */
  stop(instance: Instance, reason: string): void {
    const { token } = instance;
    this.#take(token);
    this.#free(instance);
    this.#desk.plan.after(() => this.#desk.services.executor.cancel(token, new Error(reason)));
  }

  /** What gives all attempts under way back: the next engine makes them again, and they count against nothing. */
  handBack(at: number): ReturnTask[] {
    return [...this.inflight.values()].map(({ no, run, token, attempt }) => ({
      kind: "returnTask",
      taskInstanceNo: no,
      runNo: run.row.runNo,
      token,
      attempt,
      why: "handed_back",
      reason: `the engine closed while it made attempt ${attempt}`,
      at,
    }));
  }

  viewOf(run: LiveRun): LiveJobRun {
    run.view ??= new LiveJobRun(run, this.#desk.services);
    return run.view;
  }

  // ---------------------------------------------------------------- runs that are rebuilt

  /** Takes the attempts of a run out of flight, for the run that is rebuilt in its place to find them by their tokens. */
  handOver(runNo: number): Map<number, Instance> {
    const known = new Map<number, Instance>();
    for (const instance of this.inflight.values())
      if (instance.run.row.runNo === runNo) known.set(instance.token, instance);
    for (const [token, instance] of known) {
      instance.cancelTimer?.();
      this.inflight.take(token);
    }
    return known;
  }

  /** An attempt of this engine that the store has as running goes on, or begins if its start was stored and nothing more. */
  goOn(instance: Instance, known: Instance): void {
    const { token } = instance;
    instance.abort = known.abort;
    instance.isResumed = known.isResumed;
    instance.isSubmitted = known.isSubmitted;
    instance.timesOutAt = known.timesOutAt;
    this.inflight.set(token, instance);
    if (known.isSubmitted) return this.#watchTime(instance);
    this.taking++;
    this.#desk.plan.after(() => this.#submit(instance, token));
  }

  /** The store has the end of this attempt, though the answer that said so was lost. */
  wasRecorded(known: Instance, row: TaskInstanceRow): void {
    const { services, plan } = this.#desk;
    const { run, taskNo } = known;
    plan.after(() => services.executor.cancel(known.token, new Error("its end is recorded")));
    if (!hasCallback(run.graph.tasks[taskNo], row.state)) return;
    const error = row.error === null ? undefined : (JSON.parse(row.error) as StoredError);
    plan.after(() => callTaskCallback(services, known, row.attempt, row.state, error));
  }

  /** Nobody has a use for this attempt any more. */
  drop(known: Instance): void {
    const { services, plan } = this.#desk;
    if (known.isSubmitted)
      plan.after(() => services.executor.cancel(known.token, new Error("the store has another attempt")));
  }

  // ----------------------------------------------------------------

  #submit(instance: Instance, token: number): void {
    const { services } = this.#desk;
    const { run, taskNo, no: taskInstanceNo, mapIndex, attempt, isResumed, abort } = instance;
    if (this.inflight.get(token) !== instance) return;
    const task = run.graph.tasks[taskNo];
    const { executionTimeoutMs } = task;
    instance.timesOutAt = executionTimeoutMs === undefined ? null : monotonicOf(services.clock) + executionTimeoutMs;
    this.#watchTime(instance);
    services.executor.submit({
      run: this.viewOf(run),
      task,
      taskNo,
      taskInstanceNo,
      mapIndex,
      attempt,
      token,
      isResumed,
      abort: abort as AbortHandle,
    });
    instance.isSubmitted = true;
  }

  #watchTime(instance: Instance): void {
    const { token, timesOutAt } = instance;
    if (timesOutAt === null) return;
    instance.cancelTimer = this.#desk.timers.due(timesOutAt, () => this.#desk.post({ kind: "timeout", token }));
  }

  #take(token: number): Instance | undefined {
    const instance = this.inflight.take(token);
    if (instance) this.#taken.push({ token, instance });
    return instance;
  }

  #finish(instance: Instance, outcome: JobOutcome, onStored = this.#onFinished): void {
    const { now, plan, services, progress } = this.#desk;
    const { run, taskNo, no, token, attempt } = instance;
    const task = run.graph.tasks[taskNo];
    this.#free(instance);
    const { state, wakeAt, error } = decideEnd(instance, outcome, task, now);
    const { awaits, xcoms, deletes, followed } = outcome;
    plan.add(
      {
        kind: "finishTask",
        taskInstanceNo: no,
        runNo: run.row.runNo,
        token,
        attempt,
        state,
        error,
        wakeAt,
        awaits,
        replacesXComs: attempt > 1 && !instance.isResumed,
        xcoms,
        deletes,
        reads: outcome.reads ?? [],
        performance: outcome.performance ?? null,
        at: now,
      },
      onStored,
      instance,
    );
    if (hasCallback(task, state)) plan.after(() => callTaskCallback(services, instance, attempt, state, outcome.error));
    instance.state = state;
    instance.error = error;
    if (state === "up_for_retry" || state === "up_for_reschedule")
      return this.#waiting.until(instance, wakeAt as number);
    if (state === "waiting") return this.#waiting.forEvent(instance, awaits as string);
    progress.settle(instance, state);
    if (followed !== undefined && state === "success") progress.skipUnfollowed(run, taskNo, followed);
  }

  /** Gives back what a running instance holds. */
  #free(instance: Instance): void {
    instance.cancelTimer?.();
    instance.cancelTimer = undefined;
    instance.run.activity--;
    this.#desk.check(instance.run);
    if (instance.bucket) this.#desk.admission.release(instance.bucket);
  }
}
