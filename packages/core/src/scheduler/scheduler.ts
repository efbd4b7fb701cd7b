import { coreError, type MillraceError } from "../errors.ts";
import type { RunState } from "../lifecycle/states.ts";
import type { AppendLogs, Outcome } from "../store/contract.ts";
import { monotonicOf } from "../time/clock.ts";
import { turn } from "../time/turn.ts";
import { Admission, Limit } from "./admission.ts";
import { Alone } from "./alone.ts";
import { Asks } from "./asks.ts";
import { Attempts } from "./attempts.ts";
import { bucketOf } from "./buckets.ts";
import { Deadlines } from "./deadlines.ts";
import type { Desk } from "./desk.ts";
import { Inbox } from "./inbox.ts";
import type { LiveDag } from "./live-dag.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import { Mappings } from "./mappings.ts";
import type { Message } from "./messages.ts";
import { NewRuns } from "./new-runs.ts";
import { OperationDesk } from "./operations/operation-desk.ts";
import { Patience } from "./patience.ts";
import { Plan } from "./plan.ts";
import { Progress, type ProgressHost } from "./progress.ts";
import { needsReading, noReadings, type Readings, readFor } from "./readings.ts";
import { RunBook } from "./run-book.ts";
import { type RunEnd, RunEnds } from "./run-ends.ts";
import { ScheduleBook } from "./schedule/schedule-book.ts";
import type { SchedulerHealth } from "./scheduler-health.ts";
import type { SchedulerServices } from "./services.ts";
import { StuckRuns } from "./stuck-runs.ts";
import { Timers } from "./timers.ts";
import { Waiting } from "./waiting.ts";
import { type Rooms, workIn } from "./work-in.ts";

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
  readonly suspects = new Limit("tasks whose process has died often", 1);
  readonly admission = new Admission<Instance>();
  readonly timers: Timers;
  readonly progress: Progress;
  /** What is asked of it from outside. */
  readonly ask: Asks;
  readonly #waiting: Waiting;
  readonly #attempts: Attempts;
  readonly #mappings: Mappings;
  readonly #alone = new Alone();
  readonly #ends = new RunEnds();
  readonly #book: RunBook;
  readonly #stuck: StuckRuns;
  readonly #schedules: ScheduleBook;
  readonly #rooms: Rooms;
  readonly #operations: OperationDesk;
  readonly #patience: Patience;
  readonly #inbox = new Inbox();
  #isTicking = false;
  #isWoken = false;
  #order = 0;
  #stopped: Error | undefined;
  readonly #closing = new AbortController();
  #idle: (() => void)[] = [];
  /** Those who wait for the attempts under way to end; while there are any, no other begins. */
  readonly #drained: (() => void)[] = [];
  readonly #end = Promise.withResolvers<MillraceError>();

  constructor(services: SchedulerServices) {
    this.services = services;
    this.timers = new Timers(services.clock);
    this.ask = new Asks(
      (message) => this.post(message),
      () => this.#stopped,
    );
    this.progress = new Progress(this);
    const enqueue = (instance: Instance): void => this.enqueue(instance);
    this.#waiting = new Waiting(this, enqueue);
    this.#attempts = new Attempts(this, this.#waiting);
    this.#mappings = new Mappings(this, this.#attempts, enqueue);
    const deadlines = new Deadlines(this);
    this.#book = new RunBook(this, {
      attempts: this.#attempts,
      waiting: this.#waiting,
      ends: this.#ends,
      deadlines,
      enqueue,
    });
    this.#operations = new OperationDesk(this, { book: this.#book, waiting: this.#waiting });
    this.#stuck = new StuckRuns(this, this.#book, this.#ends);
    const newRuns = new NewRuns(this, this.#book);
    this.#schedules = new ScheduleBook(this, newRuns);
    this.#rooms = {
      desk: this,
      attempts: this.#attempts,
      book: this.#book,
      deadlines,
      mappings: this.#mappings,
      newRuns,
      operations: this.#operations,
      schedules: this.#schedules,
      waiting: this.#waiting,
    };
    this.#patience = new Patience(services.clock, services.patienceMs);
  }

  /** @param epoch - of the opened store */
  start(epoch: number): void {
    const { executor, perform } = this.services;
    this.#attempts.begin(epoch);
    executor.start({
      perform: (job) => perform(job, job.run.longestResultOf(job.taskNo)),
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

  /** Resolves when the run has ended; rejects when it cannot go on. A run that only the store has goes on by this. */
  whenEnded(runNo: number): Promise<RunEnd> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    this.post({ kind: "adopt", runNo, why: "wanted" });
    return this.#ends.wait(runNo);
  }

  /** Writes what is waiting to be written soon, for example log lines. */
  poke(): void {
    this.post({ kind: "poke" });
  }

  /** No attempt begins any more. Resolves when none is under way. For an engine that is about to close. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.poke();
    });
  }

  get health(): SchedulerHealth {
    const { failingAt } = this.#patience;
    return {
      isStopped: this.#stopped !== undefined,
      isDraining: this.#drained.length > 0,
      storeFailingSince: failingAt,
    };
  }

  /** Resolves when it works no more, with the reason. */
  whenStopped(): Promise<MillraceError> {
    return this.#end.promise;
  }

  /** Nothing starts any more; those who wait are told; what was under way is written. */
  async stop(reason: MillraceError): Promise<void> {
    this.#closing.abort();
    this.timers.close();
    await this.services.executor.stop();
    await this.#whenIdle();
    if (!this.#stopped) this.#stopWith(reason);
    const last = [...this.services.logs.drain(), ...this.#attempts.handBack(this.services.clock.now())];
    // A store that cannot be written finds them as lost when it is opened again.
    if (last.length > 0) await this.services.store.commit(last).catch(() => undefined);
  }

  // ---------------------------------------------------------------- the desk, and what progress asks for

  post(message: Message): void {
    if (this.#stopped) return;
    this.#inbox.add(message);
    if (this.#isTicking || this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => void this.#work());
  }

  nextOrder(): number {
    return this.#order++;
  }

  check(run: LiveRun): void {
    this.#stuck.check(run);
  }

  lostTouch(run: LiveRun): void {
    if (run.isStale || this.runs.get(run.row.runNo) !== run) return;
    run.isStale = true;
    // Before what else is known of the run: that is then worked into the right picture of it.
    this.#inbox.addFirst([{ kind: "adopt", runNo: run.row.runNo, why: "stale" }]);
    this.poke();
  }

  roomFor(dag: LiveDag): void {
    this.#schedules.roomFor(dag);
  }

  scheduleChanged(dagId: string): void {
    this.#schedules.refresh(dagId);
    this.poke();
  }

  liveRun(runNo: number): LiveRun | undefined {
    return this.runs.get(runNo);
  }

  enqueue(instance: Instance): void {
    const { run } = instance;
    instance.isReady = true;
    instance.isUndecided = false;
    run.activity++;
    instance.bucket ??= bucketOf(this.admission, run, instance, this);
    if (instance.isAlone) this.#alone.add(instance);
    else this.admission.add(instance.bucket, instance);
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

  #whenIdle(): Promise<void> {
    if (!this.#isTicking && !this.#isWoken && this.#inbox.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #work(): Promise<void> {
    this.#isWoken = false;
    if (this.#isTicking) return;
    this.#isTicking = true;
    while (!this.#inbox.isEmpty && !this.#stopped) {
      const began = this.services.metrics.nowUs();
      await this.#tick(this.#inbox.take());
      this.services.metrics.ticked(began);
      // Attempts that end at once are collected into one group by letting them all end first.
      if (!this.#inbox.isEmpty || this.#attempts.inflight.size > 0) await turn();
    }
    this.#isTicking = false;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#attempts.inflight.size === 0 || this.#stopped) for (const resolve of this.#drained) resolve();
  }

  async #tick(messages: readonly Message[]): Promise<void> {
    const { clock, store, observers, dags, purger, decisionOf } = this.services;
    const sources = { store, live: this.runs, dags, mayPurge: purger.isNeeded, decisionOf };
    const begunAt = monotonicOf(clock);
    const plan = new Plan();
    let logs: readonly AppendLogs[] = [];
    let outcomes: readonly Outcome[];
    this.#attempts.beginTick();
    this.#book.beginTick();
    try {
      const readings: Readings = messages.some((message) => needsReading(message, sources))
        ? await readFor(messages, sources)
        : noReadings;
      logs = this.services.logs.drain();
      this.now = clock.now();
      this.plan = plan;
      for (const message of messages) workIn(message, readings, this.#rooms);
      this.progress.advance();
      if (messages[0]?.kind !== "operate") this.#admit();
      this.#stuck.settle();
      this.#mappings.planInstances();
      if (!this.#isEnding) this.#schedules.plan();
      for (const change of logs) plan.add(change);
      if (plan.isEmpty) return;
      plan.mask(this.services.masker);
      outcomes = await this.#write(plan);
    } catch (error) {
      return this.#recover(messages, logs, { cause: error, begunAt });
    }
    try {
      plan.carryOut(outcomes);
    } catch (error) {
      // All is stored, but memory may not have followed it.
      this.#attempts.beginTick();
      this.#book.beginTick();
      return this.#recover([], [], { cause: error, begunAt });
    } finally {
      observers.emit(plan.changes, outcomes);
    }
    // A tick with nothing to write has not shown that the store can be written again.
    if (plan.changes.length > 0) this.#patience.succeeded();
  }

  async #write({ changes, isRequest }: Plan): Promise<readonly Outcome[]> {
    const { store, metrics } = this.services;
    if (changes.length === 0) return [];
    const began = metrics.nowUs();
    try {
      const outcomes = await store.commit(changes, isRequest ? { durability: "full" } : undefined);
      metrics.committed(began, changes.length);
      return outcomes;
    } catch (error) {
      metrics.commitFailed();
      throw error;
    }
  }

  /** Nothing begins any more. */
  get #isEnding(): boolean {
    return this.#closing.signal.aborted || this.#drained.length > 0;
  }

  #admit(): void {
    if (this.#isEnding) return;
    let free = this.services.executor.freeSlots() - this.#attempts.taking;
    if (free <= 0) return;
    const alone = this.#alone.next(this.#attempts, this.admission);
    if (alone === "held") return;
    if (alone) {
      this.#attempts.start(alone);
      return this.#alone.began(alone);
    }
    for (; free > 0; free--) {
      const instance = this.admission.take();
      if (!instance) return;
      this.#attempts.start(instance);
    }
  }

  // ---------------------------------------------------------------- after a failure

  /**
   * A group could not be written. Live runs are dropped and rebuilt from the store, and what had happened is worked in again;
   * until the store takes it, or patience ends.
   */
  async #recover(
    messages: readonly Message[],
    logs: readonly AppendLogs[],
    { cause, begunAt }: { readonly cause: unknown; readonly begunAt: number },
  ): Promise<void> {
    this.services.logs.restore(logs);
    this.services.observers.mayHaveMissed();
    const next = this.#patience.failed(cause, begunAt);
    if ("stop" in next || this.#closing.signal.aborted) {
      this.#inbox.addFirst(messages);
      return this.#stopWith("stop" in next ? next.stop : coreError("ENGINE_CLOSED"));
    }
    this.#attempts.undoTick();
    const forgotten = this.#book.forgetAll();
    this.#waiting.reset();
    this.#alone.reset();
    this.#mappings.reset();
    this.#stuck.reset();
    this.#schedules.reset();
    this.progress.reset();
    await this.services.clock.sleep(next.pauseMs, this.#closing.signal);
    // Each once: a run that ends as soon as it is rebuilt would otherwise be there twice as often after each failure.
    const rebuilt = new Set([...forgotten, ...messages.flatMap(rebuiltBy)]);
    const adopt = (runNo: number): Message => ({ kind: "adopt", runNo, why: "rebuilt" });
    this.#inbox.addFirst([...[...rebuilt].map(adopt), ...messages.filter(isReplayed), { kind: "poke" }]);
  }

  #stopWith(reason: MillraceError): void {
    this.#stopped = reason;
    this.#end.resolve(reason);
    this.#closing.abort();
    this.timers.close();
    void this.services.executor.stop();
    for (const message of this.#inbox.takeAll()) if ("reject" in message) message.reject?.(reason);
    this.#ends.rejectAll(reason);
  }
}

/** The run that was to be rebuilt by the group that failed. */
function rebuiltBy(message: Message): readonly number[] {
  return message.kind === "adopt" && message.why === "rebuilt" ? [message.runNo] : [];
}

/** Messages that are worked in again after their group failed. The others come again from the runs that are rebuilt. */
function isReplayed(message: Message): boolean {
  if (message.kind === "adopt") return message.why === "wanted";
  return !["poke", "activate", "expanded", "wake"].includes(message.kind);
}
