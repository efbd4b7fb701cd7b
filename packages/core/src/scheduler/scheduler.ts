import { coreError, isMillraceError, messageOf } from "../errors.ts";
import { isRunFinished, type RunState } from "../lifecycle/states.ts";
import type { ExecutorHost } from "../runtime/executor.ts";
import { AbortHandle, type JobOutcome } from "../runtime/job.ts";
import type { Change, Outcome, RunRow } from "../store/contract.ts";
import { formatDuration } from "../time/duration.ts";
import { Admission, Limit } from "./admission.ts";
import { callRunCallback, callTaskCallback, hasCallback } from "./callbacks.ts";
import { decideEnd } from "./decide-end.ts";
import { LiveJobRun } from "./job-run.ts";
import type { LiveDag } from "./live-dag.ts";
import { type Instance, LiveRun } from "./live-run.ts";
import { loadPast, loadRun, type StoredRun } from "./load-run.ts";
import { Plan } from "./plan.ts";
import { Progress, type ProgressHost } from "./progress.ts";
import type { RunAnswer, RunRequest } from "./requests.ts";
import { type RestoredWait, restoreRun } from "./restore-run.ts";
import type { SchedulerServices } from "./services.ts";
import { Timers } from "./timers.ts";
import { runEndEvent } from "../runtime/built-in-tasks.ts";
import { bucketOf } from "./buckets.ts";

/** Something that happened and has to be worked into the state. Messages name things by number, so that they can be worked in again. */
type Message =
  | { readonly kind: "finished"; readonly token: number; readonly outcome: JobOutcome }
  | { readonly kind: "create"; readonly request: RunRequest; readonly resolve: (answer: RunAnswer) => void; readonly reject: (error: unknown) => void }
  | { readonly kind: "activate"; readonly runNo: number }
  | { readonly kind: "adopt"; readonly stored: StoredRun; readonly resolve: () => void }
  | { readonly kind: "resume"; readonly run: LiveRun; readonly waits: readonly RestoredWait[] }
  | { readonly kind: "expanded"; readonly runNo: number; readonly taskNo: number; readonly elements: readonly unknown[] | undefined; readonly error: unknown }
  | { readonly kind: "wake"; readonly instance: Instance }
  | { readonly kind: "timeout"; readonly token: number }
  | { readonly kind: "run-timeout"; readonly runNo: number }
  | { readonly kind: "cancel"; readonly runNo: number; readonly reason: string; readonly resolve: (wasActive: boolean) => void; readonly reject: (error: unknown) => void }
  | { readonly kind: "signal"; readonly event: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }
  | { readonly kind: "write"; readonly change: Change; readonly resolve: (outcome: Outcome) => void; readonly reject: (error: unknown) => void }
  | { readonly kind: "poke" };

/** How a run ended, told to those who wait for it. */
export interface RunEnd {
  readonly run: LiveRun;
  readonly state: RunState;
  readonly note: string | null;
  readonly endedAt: number;
}

interface EndWaiter {
  readonly resolve: (end: RunEnd) => void;
  readonly reject: (error: unknown) => void;
}

const signalNamespace = "signal";
const firstRetryMs = 50;
const longestRetryMs = 2_000;

/**
 * The heart: collects what happened, works it into the live runs, plans the changes that follow, writes them as one group,
 * and only then acts on them. One tick at a time; what happens meanwhile joins the next group.
 */
export class Scheduler implements ProgressHost {
  now = 0;
  plan = new Plan();
  readonly runs = new Map<number, LiveRun>();
  readonly timers: Timers;
  readonly progress: Progress;
  readonly pools = new Map<string, Limit>();
  readonly inflight = new Map<number, Instance>();
  readonly #services: SchedulerServices;
  readonly #admission = new Admission<Instance>();
  readonly #waiting = new Map<string, Set<Instance>>();
  readonly #endWaiters = new Map<number, EndWaiter[]>();
  readonly #jobRuns = new WeakMap<LiveRun, LiveJobRun>();
  #dirty = new Set<LiveRun>();
  #inbox: Message[] = [];
  #isTicking = false;
  #isWoken = false;
  #order = 0;
  #tokens = 0;
  #epoch = 0;
  /** Failed commits since the last one that succeeded, and since when. */
  #failures = 0;
  #failingSince = 0;
  #stopped: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(services: SchedulerServices) {
    this.#services = services;
    this.timers = new Timers(services.clock);
    this.progress = new Progress(this);
  }

  /** @param epoch - of the opened store; tokens of another engine are never those of this one */
  start(epoch: number): void {
    this.#epoch = epoch;
    const host: ExecutorHost = {
      perform: (job) => this.#services.perform(job, this.#services.dagOf(job.run.dag.id)?.longestResult.get(job.taskNo)),
      finished: (token, outcome) => this.#post({ kind: "finished", token, outcome }),
    };
    this.#services.executor.start(host);
  }

  setPool(name: string, slots: number): void {
    const pool = this.pools.get(name);
    if (!pool) {
      this.pools.set(name, new Limit(`pool '${name}' (${slots} slots)`, slots));
      return;
    }
    pool.capacity = slots;
    this.#admission.wake(pool);
    this.#post({ kind: "poke" });
  }

  create(request: RunRequest): Promise<RunAnswer> {
    return this.#ask((resolve, reject) => ({ kind: "create", request, resolve, reject }));
  }

  /** Resolves when the run has ended; rejects when it cannot go on. */
  whenEnded(runNo: number): Promise<RunEnd> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(this.#stopped);
      const waiters = this.#endWaiters.get(runNo) ?? [];
      waiters.push({ resolve, reject });
      this.#endWaiters.set(runNo, waiters);
      this.#markDirty(runNo);
    });
  }

  cancel(runNo: number, reason: string): Promise<boolean> {
    return this.#ask((resolve, reject) => ({ kind: "cancel", runNo, reason, resolve, reject }));
  }

  signal(event: string): Promise<void> {
    return this.#ask((resolve, reject) => ({ kind: "signal", event, resolve, reject }));
  }

  write(change: Change): Promise<Outcome> {
    return this.#ask((resolve, reject) => ({ kind: "write", change, resolve, reject }));
  }

  /** Takes over a run that the store holds as active. */
  adopt(stored: StoredRun): Promise<void> {
    return this.#ask((resolve) => ({ kind: "adopt", stored, resolve }));
  }

  /** Writes what is waiting to be written soon, for example log lines. */
  poke(): void {
    this.#post({ kind: "poke" });
  }

  /** Resolves when everything that has been posted is stored. */
  whenIdle(): Promise<void> {
    if (!this.#isTicking && !this.#isWoken && this.#inbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing starts any more; those who wait are told. */
  async stop(reason: Error): Promise<void> {
    if (!this.#stopped) this.#stopWith(reason);
    this.timers.close();
    await this.#services.executor.stop();
    await this.whenIdle();
  }

  // ---------------------------------------------------------------- what progress asks for

  nextOrder(): number {
    return this.#order++;
  }

  enqueue(instance: Instance): void {
    const { run } = instance;
    instance.isReady = true;
    run.activity++;
    instance.bucket ??= bucketOf(this.#admission, run, instance, this.pools);
    this.#admission.add(instance.bucket, instance);
  }

  expand(run: LiveRun, taskNo: number): void {
    run.instance(taskNo, this.nextOrder());
    run.activity++;
    const { runNo } = run.row;
    // The results that it is mapped over may be in this very group: they can be read once it is stored.
    this.plan.then(() => {
      this.#jobRun(run)
        .elements(taskNo)
        .then(
          (elements) => this.#post({ kind: "expanded", runNo, taskNo, elements, error: undefined }),
          (error: unknown) => this.#post({ kind: "expanded", runNo, taskNo, elements: undefined, error }),
        );
    });
  }

  stopAttempt(instance: Instance, reason: string): void {
    this.inflight.delete(instance.token);
    this.#free(instance);
    this.plan.then(() => this.#services.executor.cancel(instance.token, new Error(reason)));
  }

  stopWaiting(instance: Instance): void {
    const isWaiting = instance.isReady || instance.cancelTimer !== undefined || instance.awaits !== null;
    instance.isReady = false;
    instance.cancelTimer?.();
    instance.cancelTimer = undefined;
    if (instance.awaits !== null) this.#waiting.get(instance.awaits)?.delete(instance);
    instance.awaits = null;
    if (isWaiting) instance.run.activity--;
  }

  runEnded(run: LiveRun, state: RunState, note: string | null): void {
    const { row, dag } = run;
    const endedAt = this.now;
    run.isEnding = true;
    run.cancelTimeout?.();
    this.plan.add({ kind: "updateRun", runNo: row.runNo, from: ["queued", "running"], to: state, note, at: endedAt });
    this.runs.delete(row.runNo);
    run.past = undefined;
    if (run.isActive) dag.activeRuns--;
    else if (run.isQueued) dag.queuedRuns.splice(dag.queuedRuns.indexOf(run), 1);
    const next = dag.activeRuns < dag.dag.maxActiveRuns ? dag.queuedRuns.shift() : undefined;
    if (next) this.#begin(next);
    this.#wakeWaiting(runEndEvent(row.runNo));
    this.plan.then(() => {
      this.#services.observers.forget(row.runNo);
      const waiters = this.#endWaiters.get(row.runNo) ?? [];
      this.#endWaiters.delete(row.runNo);
      for (const waiter of waiters) waiter.resolve({ run, state, note, endedAt });
      callRunCallback(this.#services, run, state, note);
    });
  }

  // ---------------------------------------------------------------- the tick

  #ask<T>(message: (resolve: (value: T) => void, reject: (error: unknown) => void) => Message): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#stopped) return reject(this.#stopped);
      this.#post(message(resolve, reject));
    });
  }

  #post(message: Message): void {
    if (this.#stopped) return;
    this.#inbox.push(message);
    if (this.#isTicking || this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => void this.#work());
  }

  async #work(): Promise<void> {
    this.#isWoken = false;
    if (this.#isTicking) return;
    this.#isTicking = true;
    while (this.#inbox.length > 0 && !this.#stopped) {
      const messages = this.#inbox;
      this.#inbox = [];
      await this.#tick(messages);
      // Attempts that end at once are collected into one group by letting them all end first.
      if (this.#inbox.length > 0 || this.inflight.size > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#isTicking = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #tick(messages: readonly Message[]): Promise<void> {
    this.now = this.#services.clock.now();
    this.plan = new Plan();
    const logs = this.#services.logs.drain();
    try {
      for (const message of messages) this.#apply(message);
      this.progress.advance();
      this.#admit();
      this.#checkDirty();
    } catch (error) {
      // A bug of ours must not lose what is recorded: the store is the truth, start again from it.
      await this.#recover(messages, logs, error);
      return;
    }
    const { plan } = this;
    for (const change of logs) plan.add(change);
    if (plan.isEmpty) return;
    let outcomes: readonly Outcome[];
    try {
      outcomes = plan.changes.length === 0 ? [] : await this.#services.store.commit(plan.changes, plan.isRequest ? { durability: "full" } : undefined);
    } catch (error) {
      await this.#recover(messages, logs, error);
      return;
    }
    plan.carryOut(outcomes);
    this.#failures = 0;
    this.#services.observers.emit(plan.changes, outcomes);
  }

  #apply(message: Message): void {
    switch (message.kind) {
      case "finished":
        return this.#applyFinished(message.token, message.outcome);
      case "create":
        return this.#applyCreate(message);
      case "activate": {
        const run = this.runs.get(message.runNo);
        if (run && !run.isActive && !run.isQueued) this.#queueOrBegin(run);
        return;
      }
      case "adopt":
        this.#restore(message.stored);
        return this.plan.then(message.resolve);
      case "resume":
        if (this.runs.get(message.run.row.runNo) === message.run) this.#resume(message.run, message.waits);
        return;
      case "expanded":
        return this.#applyExpanded(message.runNo, message.taskNo, message.elements, message.error);
      case "wake":
        if (this.#isCurrent(message.instance)) this.#wake(message.instance);
        return;
      case "timeout":
        return this.#applyTimeout(message.token);
      case "run-timeout": {
        const run = this.runs.get(message.runNo);
        if (run && !run.isEnding) this.#endWhole(run, "failed", { running: "skipped", waiting: "skipped", reason: `the run took longer than its runTimeout of ${formatDuration(run.graph.dag.runTimeoutMs as number)}` });
        return;
      }
      case "cancel": {
        this.plan.isRequest = true;
        const run = this.runs.get(message.runNo);
        if (run && !run.isEnding) this.#endWhole(run, "cancelled", { running: "cancelled", waiting: "cancelled", reason: message.reason });
        return this.plan.then(() => message.resolve(run !== undefined));
      }
      case "signal":
        this.plan.isRequest = true;
        this.plan.add({ kind: "putState", namespace: signalNamespace, key: message.event, value: "true", at: this.now });
        this.#wakeWaiting(message.event);
        return this.plan.then(message.resolve);
      case "write":
        this.plan.isRequest = true;
        return this.plan.add(message.change, message.resolve);
      case "poke":
        return;
    }
  }

  #admit(): void {
    let free = this.#services.executor.freeSlots();
    while (free > 0) {
      const taken = this.#admission.take();
      if (!taken) return;
      free--;
      this.#startAttempt(taken.candidate);
    }
  }

  #startAttempt(instance: Instance): void {
    const { run, taskNo, state } = instance;
    const task = run.graph.tasks[taskNo];
    instance.isReady = false;
    if (state !== "up_for_reschedule" && state !== "waiting") instance.attempt++;
    instance.token = this.#epoch * 2 ** 32 + ++this.#tokens;
    instance.state = "running";
    instance.startedAt = this.now;
    instance.error = null;
    instance.abort = new AbortHandle();
    this.inflight.set(instance.token, instance);
    this.plan.add({ kind: "startTask", taskInstanceNo: instance.no, runNo: run.row.runNo, from: [state], token: instance.token, attempt: instance.attempt, at: this.now }, (outcome) => {
      if (outcome.status !== "done") return this.#lostTouch(run);
      const { token, mapIndex, attempt, abort } = instance;
      if (task.executionTimeoutMs !== undefined) {
        instance.cancelTimer = this.timers.at(this.#services.clock.now() + task.executionTimeoutMs, () => this.#post({ kind: "timeout", token }));
      }
      instance.isSubmitted = true;
      this.#services.executor.submit({ run: this.#jobRun(run), task, taskNo, taskInstanceNo: instance.no, mapIndex, attempt, token, abort: abort as AbortHandle });
    });
  }

  // ---------------------------------------------------------------- messages

  #applyFinished(token: number, outcome: JobOutcome): void {
    const instance = this.inflight.get(token);
    if (!instance) return;
    this.inflight.delete(token);
    this.#finish(instance, outcome);
  }

  #finish(instance: Instance, outcome: JobOutcome): void {
    const { run, taskNo, attempt } = instance;
    const task = run.graph.tasks[taskNo];
    this.#free(instance);
    const end = decideEnd(instance, outcome, task, this.now);
    const { state, wakeAt } = end;
    instance.error = end.error;
    this.plan.add({
      kind: "finishTask",
      taskInstanceNo: instance.no,
      runNo: run.row.runNo,
      token: instance.token,
      attempt,
      state,
      error: end.error,
      wakeAt,
      awaits: outcome.awaits,
      replacesXComs: attempt > 1,
      xcoms: outcome.xcoms,
      deletes: outcome.deletes,
      at: this.now,
    }, (done) => (done.status === "done" ? undefined : this.#lostTouch(run)));
    if (hasCallback(task, state)) this.plan.then(() => callTaskCallback(this.#services, instance, attempt, state, outcome.error));
    instance.state = state;
    if (state === "up_for_retry" || state === "up_for_reschedule") return this.#waitUntil(instance, wakeAt as number);
    if (state === "waiting") return this.#waitFor(instance, outcome.awaits as string);
    this.progress.settle(instance, state);
    if (outcome.followed !== undefined && state === "success") this.progress.skipUnfollowed(run, taskNo, outcome.followed);
  }

  #applyTimeout(token: number): void {
    const instance = this.inflight.get(token);
    if (!instance) return;
    const task = instance.run.graph.tasks[instance.taskNo];
    const error = coreError("TASK_TIMEOUT", { taskId: task.id, timeout: formatDuration(task.executionTimeoutMs as number) });
    this.inflight.delete(token);
    this.plan.then(() => this.#services.executor.cancel(token, error));
    const stored = { name: error.name, message: `${error.message}. ${error.cure}`, code: error.code };
    this.#finish(instance, { state: "failed", thrown: error, error: stored, isFinal: false, wakeAt: null, awaits: null, xcoms: [], deletes: [] });
  }

  #applyCreate(message: Message & { readonly kind: "create" }): void {
    const { request, resolve, reject } = message;
    const { dag } = request;
    this.plan.isRequest = true;
    const row = { dagNo: dag.dagNo, versionNo: dag.versionNo, runId: request.runId, type: request.type, logicalDate: request.logicalDate, intervalStart: request.intervalStart, intervalEnd: request.intervalEnd, idempotencyKey: request.idempotencyKey };
    const { paramsText: params, confText: conf } = request;
    const at = this.now;
    this.plan.add({ kind: "createRun", ...row, params, conf, at }, (outcome) => {
      if (outcome.status === "exists") {
        if (outcome.by !== "idempotency_key") return reject(coreError("RUN_EXISTS", { dagId: dag.dag.id, runId: outcome.runId, by: outcome.by.replace("_", " ") }));
        this.#services.store.runs.get(outcome.runNo).then((found) => resolve({ runNo: outcome.runNo, runId: outcome.runId, state: found?.state ?? "queued", isNew: false }), reject);
        return;
      }
      if (outcome.status !== "created") return reject(coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to a new run` }));
      const stored: RunRow = { ...row, runNo: outcome.runNo, dagId: dag.dag.id, state: "queued", params, conf, note: null, createdAt: at, startedAt: null, endedAt: null };
      const run = new LiveRun(stored, dag, dag.graph, outcome.firstTaskInstanceNo, request.params, request.conf);
      this.#introduce(run);
      resolve({ runNo: outcome.runNo, runId: request.runId, state: "queued", isNew: true });
    });
  }

  /** A run enters memory; it may begin once what it depends on is known. */
  #introduce(run: LiveRun): void {
    const { runNo } = run.row;
    this.runs.set(runNo, run);
    this.#services.observers.know(run);
    if (!run.dag.dependsOnPast) return this.#post({ kind: "activate", runNo });
    loadPast(this.#services.store, run, this.runs).then(
      (past) => {
        run.past = past;
        this.#post({ kind: "activate", runNo });
      },
      (error: unknown) => this.#rejectEnd(runNo, error),
    );
  }

  #queueOrBegin(run: LiveRun): void {
    const { dag } = run;
    if (dag.activeRuns < dag.dag.maxActiveRuns) return this.#begin(run);
    run.isQueued = true;
    dag.queuedRuns.push(run);
  }

  #begin(run: LiveRun): void {
    const { row, graph, dag } = run;
    dag.activeRuns++;
    run.isActive = true;
    if (run.startedAt === null) {
      run.startedAt = this.now;
      this.plan.add({ kind: "updateRun", runNo: row.runNo, from: ["queued"], to: "running", note: null, at: this.now });
    }
    if (graph.dag.runTimeoutMs !== undefined) {
      run.cancelTimeout = this.timers.at(run.startedAt + graph.dag.runTimeoutMs, () => this.#post({ kind: "run-timeout", runNo: row.runNo }));
    }
    for (const taskNo of graph.roots) this.progress.touch(run, taskNo);
    this.#dirty.add(run);
    this.progress.endIfDone(run);
  }

  #applyExpanded(runNo: number, taskNo: number, elements: readonly unknown[] | undefined, error: unknown): void {
    const run = this.runs.get(runNo);
    const placeholder = run?.instances[taskNo];
    if (!run || !placeholder || run.isEnding || run.mappings.has(taskNo) || placeholder.state !== "scheduled") return;
    run.activity--;
    this.#dirty.add(run);
    const { map, id } = run.graph.tasks[taskNo];
    const longest = map?.over.kind === "literal" ? Number.POSITIVE_INFINITY : (map?.maxLength ?? 0);
    if (!elements) return this.progress.move(placeholder, "failed", isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error));
    if (elements.length > longest) return this.progress.move(placeholder, "failed", coreError("MAP_TOO_LONG", { taskId: id, length: elements.length, limit: longest }).message);
    if (elements.length === 0) return this.progress.move(placeholder, "skipped", "there is nothing to map over");
    run.activity++;
    this.plan.add({ kind: "expandTask", runNo, taskNo, placeholderNo: placeholder.no, count: elements.length, at: this.now }, (outcome) => {
      run.activity--;
      if (outcome.status !== "expanded" || run.isEnding) return this.#lostTouch(run);
      this.#addMapping(run, taskNo, elements, outcome.firstTaskInstanceNo);
      this.#post({ kind: "poke" });
    });
  }

  #addMapping(run: LiveRun, taskNo: number, elements: readonly unknown[], firstNo: number): void {
    const placeholder = run.instances[taskNo] as Instance;
    run.instances[taskNo] = undefined;
    const instances = elements.map((_, index) => run.newInstance(taskNo, index === 0 ? placeholder.no : firstNo + index - 1, index, this.nextOrder()));
    run.mappings.set(taskNo, { bucket: undefined, elements, instances, unfinished: instances.length, endedAs: new Map() });
    run.countMore(taskNo, instances.length - 1);
    for (const instance of instances) this.enqueue(instance);
  }

  #endWhole(run: LiveRun, state: RunState, ends: { readonly running: "skipped" | "cancelled"; readonly waiting: "skipped" | "cancelled"; readonly reason: string }): void {
    run.isEnding = true;
    this.progress.endRest(run, ends);
    this.runEnded(run, state, ends.reason);
  }

  // ---------------------------------------------------------------- waiting

  #waitUntil(instance: Instance, at: number): void {
    instance.run.activity++;
    instance.cancelTimer = this.timers.at(at, () => this.#post({ kind: "wake", instance }));
  }

  #waitFor(instance: Instance, event: string): void {
    instance.run.activity++;
    instance.awaits = event;
    const others = this.#waiting.get(event) ?? new Set();
    others.add(instance);
    this.#waiting.set(event, others);
    const wake = (): void => this.#post({ kind: "wake", instance });
    if (event.startsWith("run:")) {
      if (!this.runs.has(Number(event.slice(4)))) this.plan.then(wake);
      return;
    }
    this.plan.then(() => {
      this.#services.store.state.get(signalNamespace, event).then((found) => (found === undefined ? undefined : wake()), () => undefined);
    });
  }

  #wakeWaiting(event: string): void {
    const instances = this.#waiting.get(event);
    this.#waiting.delete(event);
    for (const instance of instances ?? []) this.#wake(instance);
  }

  #wake(instance: Instance): void {
    if (instance.isReady || (instance.cancelTimer === undefined && instance.awaits === null)) return;
    this.stopWaiting(instance);
    this.enqueue(instance);
  }

  #isCurrent(instance: Instance): boolean {
    return this.runs.get(instance.run.row.runNo) === instance.run && !instance.run.isEnding;
  }

  /** Gives back what a running instance holds. */
  #free(instance: Instance): void {
    instance.cancelTimer?.();
    instance.cancelTimer = undefined;
    instance.isSubmitted = false;
    instance.run.activity--;
    this.#dirty.add(instance.run);
    if (instance.bucket) this.#admission.release(instance.bucket, instance.slots);
  }

  // ---------------------------------------------------------------- runs that cannot go on

  #markDirty(runNo: number): void {
    const run = this.runs.get(runNo);
    if (!run) return;
    this.#dirty.add(run);
    this.#post({ kind: "poke" });
  }

  /** A run of which nothing is ready, running or waiting cannot move any more by itself. */
  #checkDirty(): void {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const run of dirty) {
      if (run.activity > 0 || run.unfinished === 0 || run.isEnding || !run.isActive) continue;
      if (run.heldByPast.size === 0) {
        this.#endWhole(run, "failed", { running: "skipped", waiting: "skipped", reason: "deadlock: no task of the run can start any more" });
        continue;
      }
      const past = run.past;
      if (past?.kind === "live" && this.runs.has(past.run.row.runNo)) continue;
      const [[taskNo, why]] = run.heldByPast;
      const error = coreError("RUN_BLOCKED", { runId: run.row.runId, dagId: run.row.dagId, why: `task '${run.graph.tasks[taskNo].id}': ${why}` });
      this.plan.then(() => this.#rejectEnd(run.row.runNo, error));
    }
  }

  #rejectEnd(runNo: number, error: unknown): void {
    const waiters = this.#endWaiters.get(runNo) ?? [];
    this.#endWaiters.delete(runNo);
    for (const waiter of waiters) waiter.reject(error);
  }

  // ---------------------------------------------------------------- after a failure

  /** The store and memory disagree about a run: the store is right. */
  #lostTouch(run: LiveRun): void {
    if (this.runs.get(run.row.runNo) !== run) return;
    loadRun(this.#services.store, run.row.runNo).then(
      (stored) => stored && this.#post({ kind: "adopt", stored, resolve: () => undefined }),
      (error: unknown) => this.#rejectEnd(run.row.runNo, error),
    );
  }

  /**
   * A group could not be written. Live runs are dropped and rebuilt from the store, what had happened is worked in again;
   * until the store takes it, or patience ends.
   */
  async #recover(messages: readonly Message[], logs: ReturnType<SchedulerServices["logs"]["drain"]>, cause: unknown): Promise<void> {
    const { clock, store, patienceMs } = this.#services;
    this.#services.logs.restore(logs);
    const replayed = messages.filter((message) => message.kind !== "poke");
    const arrived = this.#inbox;
    this.#inbox = [];
    if (this.#failures++ === 0) this.#failingSince = clock.now();
    const failingMs = clock.now() - this.#failingSince;
    if (failingMs >= patienceMs || isFatal(cause)) {
      this.#inbox = [...messages, ...arrived, ...this.#inbox];
      return this.#stopWith(coreError("ENGINE_STOPPED", { seconds: Math.round(failingMs / 1_000), why: messageOf(cause) }, { cause }));
    }
    await clock.sleep(Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs));
    let stored: (StoredRun | undefined)[];
    try {
      stored = await Promise.all([...this.runs.keys()].map((runNo) => loadRun(store, runNo)));
    } catch (error) {
      return this.#recover([...messages, ...arrived], [], error);
    }
    this.#forget();
    const adopted = stored.filter((run) => run !== undefined && !isRunFinished(run.row.state)).map((run): Message => ({ kind: "adopt", stored: run as StoredRun, resolve: () => undefined }));
    this.#inbox = [...adopted, ...replayed, ...arrived, ...this.#inbox, { kind: "poke" }];
  }

  /** Drops the live runs; attempts that the executor has keep running and are found again by their tokens. */
  #forget(): void {
    for (const run of this.runs.values()) {
      run.cancelTimeout?.();
      run.isEnding = true;
      for (const instance of run.touched()) {
        instance.isReady = false;
        if (!instance.isSubmitted) {
          instance.cancelTimer?.();
          this.inflight.delete(instance.token);
        }
      }
      run.dag.reset();
    }
    for (const pool of this.pools.values()) pool.used = 0;
    this.runs.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    this.progress.reset();
  }

  #restore(stored: StoredRun): void {
    const dag = this.#services.dagOf(stored.row.dagId);
    const old = this.runs.get(stored.row.runNo);
    if (old) this.#setAside(old);
    if (!dag || dag.versionNo !== stored.row.versionNo) {
      return this.#rejectEnd(stored.row.runNo, coreError("DAG_VERSION_GONE", { runId: stored.row.runId, dagId: stored.row.dagId }));
    }
    const { run, waits } = restoreRun(stored, dag, { inflight: this.inflight, nextOrder: () => this.nextOrder(), plan: this.plan, now: this.now });
    this.runs.set(run.row.runNo, run);
    this.#services.observers.know(run);
    for (const instance of run.touched()) {
      if (instance.state !== "running") continue;
      run.activity++;
      instance.bucket = bucketOf(this.#admission, run, instance, this.pools);
      for (const limit of instance.bucket.limits) limit.used += limit === instance.bucket.pool ? instance.slots : 1;
    }
    if (stored.row.state === "queued") return this.#introduce(run);
    if (!dag.dependsOnPast) return this.#resume(run, waits);
    loadPast(this.#services.store, run, this.runs).then(
      (past) => {
        run.past = past;
        this.#post({ kind: "resume", run, waits });
      },
      (error: unknown) => this.#rejectEnd(run.row.runNo, error),
    );
  }

  #resume(run: LiveRun, waits: readonly RestoredWait[]): void {
    this.#begin(run);
    for (let taskNo = 0; taskNo < run.graph.count; taskNo++) this.progress.touch(run, taskNo);
    for (const { instance, at, event } of waits) {
      if (event !== null) this.#waitFor(instance, event);
      else if (at === null) this.enqueue(instance);
      else this.#waitUntil(instance, at);
    }
  }

  /** An older picture of a run gives way to a newer one: what it held is free again. */
  #setAside(old: LiveRun): void {
    if (old.isActive) old.dag.activeRuns--;
    old.isEnding = true;
    old.cancelTimeout?.();
    for (const instance of old.touched()) {
      instance.isReady = false;
      if (instance.state === "running" && instance.bucket) for (const limit of instance.bucket.limits) limit.used -= limit === instance.bucket.pool ? instance.slots : 1;
    }
  }

  #stopWith(reason: Error): void {
    this.#stopped = reason;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const message of inbox) if ("reject" in message) message.reject(reason);
    for (const runNo of [...this.#endWaiters.keys()]) this.#rejectEnd(runNo, reason);
  }

  #jobRun(run: LiveRun): LiveJobRun {
    let view = this.#jobRuns.get(run);
    if (!view) {
      view = new LiveJobRun(run, this.#services.runtime);
      this.#jobRuns.set(run, view);
    }
    return view;
  }
}

/** Errors of the store that no waiting mends. */
function isFatal(error: unknown): boolean {
  return isMillraceError(error, "STORE_CLOSED") || isMillraceError(error, "STORE_CORRUPT") || isMillraceError(error, "STORE_NEWER") || isMillraceError(error, "STORE_LOCKED");
}
