import { coreError, isMillraceError, messageOf } from "../errors.ts";
import { isRunFinished, type RunState } from "../lifecycle/states.ts";
import type { AppendLogs, Change, Outcome } from "../store/contract.ts";
import { formatDuration } from "../time/duration.ts";
import { Admission, Limit } from "./admission.ts";
import { Attempts } from "./attempts.ts";
import { bucketOf } from "./buckets.ts";
import type { Desk } from "./desk.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import { loadRun, type StoredRun } from "./load-run.ts";
import { Mappings } from "./mappings.ts";
import type { Message } from "./messages.ts";
import { Plan } from "./plan.ts";
import { Progress, type ProgressHost } from "./progress.ts";
import type { RunAnswer, RunRequest } from "./requests.ts";
import { RunBook } from "./run-book.ts";
import { type RunEnd, RunEnds } from "./run-ends.ts";
import type { SchedulerServices } from "./services.ts";
import { Timers } from "./timers.ts";
import { signalNamespace, Waiting } from "./waiting.ts";

const firstRetryMs = 50;
const longestRetryMs = 2_000;

/**
 * The heart: collects what happened, works it into the live runs, plans the changes that follow, writes them as one group,
 * and only then acts on them. One tick at a time; what happens meanwhile joins the next group.
 */
export class Scheduler implements ProgressHost, Desk {
  now = 0;
  plan = new Plan();
  readonly services: SchedulerServices;
  readonly runs = new Map<number, LiveRun>();
  readonly pools = new Map<string, Limit>();
  readonly admission = new Admission<Instance>();
  readonly timers: Timers;
  readonly progress: Progress;
  readonly #waiting: Waiting;
  readonly #attempts: Attempts;
  readonly #mappings: Mappings;
  readonly #ends = new RunEnds();
  readonly #book: RunBook;
  #dirty = new Set<LiveRun>();
  #inbox: Message[] = [];
  #isTicking = false;
  #isWoken = false;
  #order = 0;
  /** Failed commits since the last one that succeeded, and since when. */
  #failures = 0;
  #failingSince = 0;
  #stopped: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(services: SchedulerServices) {
    this.services = services;
    this.timers = new Timers(services.clock);
    this.progress = new Progress(this);
    const enqueue = (instance: Instance): void => this.enqueue(instance);
    this.#waiting = new Waiting(this, enqueue);
    this.#attempts = new Attempts(this, this.#waiting);
    this.#mappings = new Mappings(this, this.#attempts, enqueue);
    this.#book = new RunBook(this, { attempts: this.#attempts, waiting: this.#waiting, ends: this.#ends, enqueue });
  }

  /** @param epoch - of the opened store */
  start(epoch: number): void {
    const { executor, perform, dagOf } = this.services;
    this.#attempts.begin(epoch);
    executor.start({
      perform: (job) => perform(job, dagOf(job.run.dag.id)?.longestResult.get(job.taskNo)),
      finished: (token, outcome) => this.post({ kind: "finished", token, outcome }),
    });
  }

  setPool(name: string, slots: number): void {
    const pool = this.pools.get(name);
    if (!pool) {
      this.pools.set(name, new Limit(`pool '${name}' (${slots} slots)`, slots));
      return;
    }
    pool.capacity = slots;
    this.admission.wake(pool);
    this.post({ kind: "poke" });
  }

  create(request: RunRequest): Promise<RunAnswer> {
    return this.#ask((resolve, reject) => ({ kind: "create", request, resolve, reject }));
  }

  /** Resolves when the run has ended; rejects when it cannot go on. */
  whenEnded(runNo: number): Promise<RunEnd> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    const run = this.runs.get(runNo);
    if (run) {
      this.check(run);
      this.post({ kind: "poke" });
    }
    return this.#ends.wait(runNo);
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
    this.post({ kind: "poke" });
  }

  /** Nothing starts any more; those who wait are told; what was under way is written. */
  async stop(reason: Error): Promise<void> {
    this.timers.close();
    await this.services.executor.stop();
    await this.#whenIdle();
    if (!this.#stopped) this.#stopWith(reason);
    const logs = this.services.logs.drain();
    if (logs.length > 0) await this.services.store.commit(logs).catch(() => undefined);
  }

  // ---------------------------------------------------------------- the desk, and what progress asks for

  post(message: Message): void {
    if (this.#stopped) return;
    this.#inbox.push(message);
    if (this.#isTicking || this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => void this.#work());
  }

  nextOrder(): number {
    return this.#order++;
  }

  check(run: LiveRun): void {
    this.#dirty.add(run);
  }

  lostTouch(run: LiveRun): void {
    this.#book.reload(run);
  }

  enqueue(instance: Instance): void {
    const { run } = instance;
    instance.isReady = true;
    run.activity++;
    instance.bucket ??= bucketOf(this.admission, run, instance, this.pools);
    this.admission.add(instance.bucket, instance);
  }

  expand(run: LiveRun, taskNo: number): void {
    this.#mappings.expand(run, taskNo);
  }

  stopAttempt(instance: Instance, reason: string): void {
    this.#attempts.stop(instance, reason);
  }

  stopWaiting(instance: Instance): void {
    this.#waiting.stop(instance);
  }

  runEnded(run: LiveRun, state: RunState, note: string | null): void {
    this.#book.ended(run, state, note);
  }

  // ---------------------------------------------------------------- the tick

  #ask<T>(message: (resolve: (value: T) => void, reject: (error: unknown) => void) => Message): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#stopped) return reject(this.#stopped);
      this.post(message(resolve, reject));
    });
  }

  #whenIdle(): Promise<void> {
    if (!this.#isTicking && !this.#isWoken && this.#inbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
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
      if (this.#inbox.length > 0 || this.#attempts.inflight.size > 0)
        await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#isTicking = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #tick(messages: readonly Message[]): Promise<void> {
    const { clock, store, observers } = this.services;
    const plan = new Plan();
    const logs = this.services.logs.drain();
    this.now = clock.now();
    this.plan = plan;
    let outcomes: readonly Outcome[];
    try {
      for (const message of messages) this.#apply(message);
      this.progress.advance();
      this.#admit();
      this.#endStuckRuns();
      for (const change of logs) plan.add(change);
      if (plan.isEmpty) return;
      outcomes =
        plan.changes.length === 0
          ? []
          : await store.commit(plan.changes, plan.isRequest ? { durability: "full" } : undefined);
    } catch (error) {
      return this.#recover(messages, logs, error);
    }
    this.#failures = 0;
    plan.carryOut(outcomes);
    observers.emit(plan.changes, outcomes);
  }

  #apply(message: Message): void {
    switch (message.kind) {
      case "finished":
        return this.#attempts.finished(message.token, message.outcome);
      case "timeout":
        return this.#attempts.timedOut(message.token);
      case "create":
        return this.#book.create(message);
      case "activate":
        return this.#withRun(message.runNo, (run) => this.#book.activate(run));
      case "adopt":
        this.#book.restore(message.stored);
        return this.plan.after(message.resolve);
      case "resume":
        return this.#book.resume(message.run, message.waits);
      case "expanded":
        return this.#withRun(message.runNo, (run) =>
          this.#mappings.expanded(run, message.taskNo, message.elements, message.error),
        );
      case "wake":
        if (this.runs.get(message.instance.run.row.runNo) === message.instance.run)
          this.#waiting.wake(message.instance);
        return;
      case "run-timeout":
        return this.#withRun(message.runNo, (run) => {
          const reason = `the run took longer than its runTimeout of ${formatDuration(run.graph.dag.runTimeoutMs as number)}`;
          this.#book.endWhole(run, "failed", { running: "skipped", waiting: "skipped", reason });
        });
      case "cancel": {
        const wasActive = this.runs.has(message.runNo);
        this.plan.isRequest = true;
        this.#withRun(message.runNo, (run) =>
          this.#book.endWhole(run, "cancelled", { running: "cancelled", waiting: "cancelled", reason: message.reason }),
        );
        return this.plan.after(() => message.resolve(wasActive));
      }
      case "signal":
        this.plan.isRequest = true;
        this.plan.add({
          kind: "putState",
          namespace: signalNamespace,
          key: message.event,
          value: "true",
          at: this.now,
        });
        this.#waiting.happened(message.event);
        return this.plan.after(message.resolve);
      case "write":
        this.plan.isRequest = true;
        return this.plan.add(message.change, message.resolve);
      case "poke":
        return;
    }
  }

  #withRun(runNo: number, act: (run: LiveRun) => void): void {
    const run = this.runs.get(runNo);
    if (run && !run.isEnding) act(run);
  }

  #admit(): void {
    for (let free = this.services.executor.freeSlots(); free > 0; free--) {
      const taken = this.admission.take();
      if (!taken) return;
      this.#attempts.start(taken.candidate);
    }
  }

  /** A run of which nothing is ready, running or waiting cannot move any more by itself. */
  #endStuckRuns(): void {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const run of dirty) {
      if (run.activity > 0 || run.unfinished === 0 || run.isEnding || !run.isActive) continue;
      if (run.heldByPast.size === 0) {
        this.#book.endWhole(run, "failed", {
          running: "skipped",
          waiting: "skipped",
          reason: "deadlock: no task of the run can start any more",
        });
        continue;
      }
      const { past, row, graph } = run;
      if (past?.kind === "live" && this.runs.has(past.run.row.runNo)) continue;
      const [[taskNo, why]] = run.heldByPast;
      const error = coreError("RUN_BLOCKED", {
        runId: row.runId,
        dagId: row.dagId,
        why: `task '${graph.tasks[taskNo].id}': ${why}`,
      });
      this.plan.after(() => this.#ends.reject(row.runNo, error));
    }
  }

  // ---------------------------------------------------------------- after a failure

  /**
   * A group could not be written. Live runs are dropped and rebuilt from the store, and what had happened is worked in again;
   * until the store takes it, or patience ends.
   */
  async #recover(messages: readonly Message[], logs: readonly AppendLogs[], cause: unknown): Promise<void> {
    const { clock, store, patienceMs } = this.services;
    this.services.logs.restore(logs);
    const pending = [...messages.filter((message) => message.kind !== "poke"), ...this.#inbox];
    this.#inbox = [];
    if (this.#failures++ === 0) this.#failingSince = clock.now();
    const failingMs = clock.now() - this.#failingSince;
    if (failingMs >= patienceMs || isFatal(cause)) {
      this.#inbox = pending;
      return this.#stopWith(
        coreError("ENGINE_STOPPED", { seconds: Math.round(failingMs / 1_000), why: messageOf(cause) }, { cause }),
      );
    }
    await clock.sleep(Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs));
    let stored: (StoredRun | undefined)[];
    try {
      stored = await Promise.all([...this.runs.keys()].map((runNo) => loadRun(store, runNo)));
    } catch (error) {
      return this.#recover(pending, [], error);
    }
    this.#book.forgetAll();
    this.#waiting.reset();
    this.#dirty.clear();
    this.progress.reset();
    const adopted = stored.flatMap((run): Message[] =>
      run && !isRunFinished(run.row.state) ? [{ kind: "adopt", stored: run, resolve: () => undefined }] : [],
    );
    this.#inbox = [...adopted, ...pending, ...this.#inbox, { kind: "poke" }];
  }

  #stopWith(reason: Error): void {
    this.#stopped = reason;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const message of inbox) if ("reject" in message) message.reject(reason);
    this.#ends.rejectAll(reason);
  }
}

/** Errors of the store that no waiting mends. */
function isFatal(error: unknown): boolean {
  return ["STORE_CLOSED", "STORE_CORRUPT", "STORE_NEWER", "STORE_LOCKED"].some((code) => isMillraceError(error, code));
}
