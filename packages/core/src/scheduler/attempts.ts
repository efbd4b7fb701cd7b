import { coreError } from "../errors.ts";
import { AbortHandle, type JobOutcome } from "../runtime/job.ts";
import { formatDuration } from "../time/duration.ts";
import { callTaskCallback, hasCallback } from "./callbacks.ts";
import { decideEnd } from "./decide-end.ts";
import type { Desk } from "./desk.ts";
import { LiveJobRun } from "./job-run.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import type { Waiting } from "./waiting.ts";

/** Attempts under way: their start, their end, and what they hold meanwhile. */
export class Attempts {
  readonly inflight = new Map<number, Instance>();
  readonly #desk: Desk;
  readonly #waiting: Waiting;
  readonly #views = new WeakMap<LiveRun, LiveJobRun>();
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

  /** Plans an attempt; it is made once that is stored. */
  start(instance: Instance): void {
    const { now, plan, services, timers } = this.#desk;
    const { run, taskNo, state } = instance;
    const task = run.graph.tasks[taskNo];
    instance.isReady = false;
    instance.isResumed = state === "up_for_reschedule" || state === "waiting";
    if (!instance.isResumed) instance.attempt++;
    const token = this.#epoch * 2 ** 32 + ++this.#tokens;
    const abort = new AbortHandle();
    const { no, mapIndex, attempt, isResumed } = instance;
    instance.token = token;
    instance.state = "running";
    instance.startedAt = now;
    instance.error = null;
    instance.abort = abort;
    this.inflight.set(token, instance);
    plan.add(
      { kind: "startTask", taskInstanceNo: no, runNo: run.row.runNo, from: [state], token, attempt, at: now },
      (outcome) => {
        if (outcome.status !== "done") return this.#desk.lostTouch(run);
        if (this.inflight.get(token) !== instance) return;
        if (task.executionTimeoutMs !== undefined) {
          instance.cancelTimer = timers.at(services.clock.now() + task.executionTimeoutMs, () =>
            this.#desk.post({ kind: "timeout", token }),
          );
        }
        instance.isSubmitted = true;
        services.executor.submit({
          run: this.viewOf(run),
          task,
          taskNo,
          taskInstanceNo: no,
          mapIndex,
          attempt,
          token,
          isResumed,
          abort,
        });
      },
    );
  }

  finished(token: number, outcome: JobOutcome): void {
    const instance = this.inflight.get(token);
    if (!instance) return;
    this.inflight.delete(token);
    this.#finish(instance, outcome);
  }

  /** An attempt that takes too long fails now, whether or not it listens to its signal. */
  timedOut(token: number): void {
    const instance = this.inflight.get(token);
    if (!instance) return;
    const { plan, services } = this.#desk;
    const task = instance.run.graph.tasks[instance.taskNo];
    const error = coreError("TASK_TIMEOUT", {
      taskId: task.id,
      timeout: formatDuration(task.executionTimeoutMs as number),
    });
    this.inflight.delete(token);
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
    this.inflight.delete(token);
    this.#free(instance);
    this.#desk.plan.after(() => this.#desk.services.executor.cancel(token, new Error(reason)));
  }

  viewOf(run: LiveRun): LiveJobRun {
    let view = this.#views.get(run);
    if (!view) {
      view = new LiveJobRun(run, this.#desk.services.runtime);
      this.#views.set(run, view);
    }
    return view;
  }

  #finish(instance: Instance, outcome: JobOutcome): void {
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
        at: now,
      },
      (done) => {
        if (done.status !== "done") this.#desk.lostTouch(run);
      },
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
    instance.isSubmitted = false;
    instance.run.activity--;
    this.#desk.check(instance.run);
    if (instance.bucket) this.#desk.admission.release(instance.bucket, instance.slots);
  }
}
