import { coreError, type MillraceError } from "../errors.ts";
import { isFinished, isRunFinished, type RunState } from "../lifecycle/states.ts";
import { runEndEvent } from "../runtime/awaited-events.ts";
import type { Outcome } from "../store/contract.ts";
import { monotonicOf } from "../time/clock.ts";
import type { Attempts } from "./attempts.ts";
import { bucketOf } from "./buckets.ts";
import { callRunCallback, callTaskCallback } from "./callbacks.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Desk } from "./desk.ts";
import { countFailure } from "./failed-in-a-row.ts";
import type { Instance, LiveRun, PastRun } from "./live-run.ts";
import { type StoredRun, statesById } from "./load-run.ts";
import type { AdoptMessage } from "./messages.ts";
import type { RunReading } from "./readings.ts";
import { type RestoredWait, restoreRun } from "./restore-run.ts";
import type { RunEnds } from "./run-ends.ts";
import { stoppedAttempt } from "./stopped-attempt.ts";
import type { Waiting } from "./waiting.ts";

interface Parts {
  readonly attempts: Attempts;
  readonly waiting: Waiting;
  readonly ends: RunEnds;
  readonly deadlines: Deadlines;
  enqueue(instance: Instance): void;
}

/** Runs from their creation, or from what the store holds of them, to their end. */
export class RunBook {
  readonly #desk: Desk;
  readonly #parts: Parts;
  /** Runs that the tick under way has ended; not so if its group cannot be stored. */
  readonly #endedNow: LiveRun[] = [];

  constructor(desk: Desk, parts: Parts) {
    this.#desk = desk;
    this.#parts = parts;
  }

  /** What the run depends on is known: it begins, or queues for its turn among the DAG's runs. */
  activate(run: LiveRun, past: PastRun | undefined): void {
    if (run.isActive || run.isQueued) return;
    const { dag } = run;
    run.past = past;
    if (dag.activeRuns < dag.maxActiveRuns) return this.#begin(run);
    run.isQueued = true;
    dag.queuedRuns.push(run);
  }

  /** Ends a run now, with whatever of it has not ended. */
  endWhole(
    run: LiveRun,
    state: RunState,
    ends: {
      readonly running: "skipped" | "cancelled";
      readonly waiting: "skipped" | "cancelled";
      readonly reason: string;
    },
  ): void {
    run.isEnding = true;
    this.#desk.progress.endRest(run, ends);
    this.ended(run, state, ends.reason);
  }

  ended(run: LiveRun, state: RunState, note: string | null): void {
    const { plan, runs, services, now: endedAt } = this.#desk;
    const { row, dag } = run;
    const { runNo } = row;
    run.isEnding = true;
    run.cancelTimeout?.();
    run.cancelDeadline?.();
    const change = { kind: "updateRun", runNo, from: ["queued", "running"], to: state, note, at: endedAt } as const;
    // Stored before a run begins in its place, whose previous one it may be.
    if (state === "success") plan.add(change, noteSuccess, run);
    else plan.add(change);
    runs.delete(runNo);
    this.#endedNow.push(run);
    run.past = undefined;
    for (const follower of run.followers) this.#desk.check(follower);
    if (run.isActive) dag.activeRuns--;
    else if (run.isQueued) dag.queuedRuns.splice(dag.queuedRuns.indexOf(run), 1);
    if (dag.scheduledRuns.delete(runNo)) this.#desk.roomFor(dag);
    const next = dag.activeRuns < dag.maxActiveRuns ? dag.nextQueued() : undefined;
    if (next) this.#begin(next);
    this.#parts.waiting.happened(runEndEvent(runNo));
    plan.after(() => {
      services.observers.forget(runNo);
      this.#parts.ends.tell({ runNo, run, state, note, endedAt });
      callRunCallback(this.#desk, { dag: run.graph.dag, row, state, note });
      if (state === "failed") countFailure(this.#desk, run);
    });
  }

  /** Ends a run that only the store knows of; its DAG may be gone. */
  cancelStored({ row, tasks }: StoredRun, reason: string): void {
    const { plan, now: at } = this.#desk;
    const { runNo } = row;
    for (const { taskInstanceNo, state, token, attempt } of tasks) {
      if (isFinished(state)) continue;
      if (state !== "running") {
        plan.add({ kind: "setTask", taskInstanceNo, runNo, from: [state], to: "cancelled", reason, at });
        continue;
      }
      const attemptMade = { taskInstanceNo, runNo, token, attempt, state: "cancelled", at } as const;
      plan.add(stoppedAttempt(attemptMade, { name: "Stopped", message: reason }));
    }
    plan.add({ kind: "updateRun", runNo, from: ["queued", "running"], to: "cancelled", note: reason, at });
    this.#parts.waiting.happened(runEndEvent(runNo));
    plan.after(() => this.#parts.ends.tell({ runNo, run: undefined, state: "cancelled", note: reason, endedAt: at }));
  }

  /** A run that somebody wants, that memory was wrong about, or that memory had before a commit failed. */
  adopt({ runNo, why, refuse }: AdoptMessage, reading: RunReading): void {
    const { stored } = reading;
    const live = this.#desk.runs.get(runNo);
    if (live && why !== "stale") return this.#desk.check(live);
    // What was live when the tick began and is no longer has ended in it, and says so by itself.
    if (!stored) return;
    const { row } = stored;
    const error = this.restore(stored, reading);
    if (error)
      return this.#desk.plan.after(() => {
        refuse?.(error);
        this.#parts.ends.reject(runNo, error);
      });
    const { services, plan, runs } = this.#desk;
    const run = runs.get(runNo);
    if (reading.version && "dependsOnPast" in reading.version && reading.version.dependsOnPast)
      this.#pastChanged(stored, run);
    if (run) return this.#desk.check(run);
    plan.after(() => {
      services.observers.forget(runNo);
      this.#parts.ends.tell({ runNo, run: undefined, state: row.state, note: row.note, endedAt: row.endedAt ?? 0 });
      const dag = services.dags.version(row.dagId)?.dag;
      if (why === "rebuilt" && dag) callRunCallback(this.#desk, { dag, row, state: row.state, note: row.note });
    });
  }

  /** Takes a run over from what the store holds of it, instead of what memory may hold. Gives the error that forbids it. */
  restore(stored: StoredRun, { past, version }: RunReading): MillraceError | undefined {
    const { services, runs, plan, now, admission } = this.#desk;
    const { attempts } = this.#parts;
    const { row } = stored;
    const { runNo } = row;
    services.dags.live(row.dagId)?.newestSuccess.forget();
    const old = runs.get(runNo);
    const known = attempts.handOver(runNo);
    if (old) this.#setAside(old);
    runs.delete(runNo);
    old?.dag.scheduledRuns.delete(runNo);
    if (version instanceof Error) return version;
    if (!version) return undefined;
    let restored: ReturnType<typeof restoreRun>;
    try {
      restored = restoreRun(stored, version, {
        known,
        attempts,
        nextOrder: () => this.#desk.nextOrder(),
        plan,
        now,
        maxCrashes: services.maxCrashes,
        lost: services.lost,
        onPoison: (instance, error) =>
          plan.after(() => callTaskCallback(services, instance, instance.attempt, "failed", error)),
      });
    } catch (error) {
      // One run that cannot be read back must not keep the others from going on.
      return coreError("STORE_FAILED", { why: `run '${row.runId}' cannot be read back` }, { cause: error });
    }
    for (const attempt of known.values()) attempts.drop(attempt);
    const { run, waits } = restored;
    if (isRunFinished(row.state)) return undefined;
    if (old) this.#takeFollowers(run, old);
    for (const instance of run.touched()) {
      if (instance.state !== "running") continue;
      run.activity++;
      instance.bucket = bucketOf(admission, run, instance, this.#desk);
      admission.occupy(instance.bucket);
    }
    run.restoredWaits = waits;
    if (row.state === "queued") {
      this.introduce(run);
      return undefined;
    }
    this.#enter(run);
    run.past = past;
    // It was read when memory had no run; the one before this may end in this very tick.
    if (past) past.live ??= runs.get(past.runNo) ?? this.#endedNow.find(({ row: { runNo: no } }) => no === past.runNo);
    this.#begin(run);
    return undefined;
  }

  /** New versions of these DAGs hold: there may be room for runs that wait, and for tasks. */
  replaced(dagIds: readonly string[]): void {
    const { services, admission } = this.#desk;
    for (const dagId of dagIds) {
      const dag = services.dags.live(dagId);
      if (!dag) continue;
      for (const limit of dag.limits()) admission.wake(limit);
      while (dag.activeRuns < dag.maxActiveRuns) {
        const next = dag.nextQueued();
        if (!next) break;
        this.#begin(next);
      }
    }
  }

  /** Runs that ended in this tick are remembered until the next one. */
  beginTick(): void {
    this.#endedNow.length = 0;
  }

  /** Drops all live runs, those too that this tick took for ended. Gives their numbers, oldest first. */
  forgetAll(): number[] {
    const { runs, pools, suspects, admission } = this.#desk;
    const all = [...runs.values(), ...this.#endedNow];
    for (const run of all) {
      run.cancelTimeout?.();
      run.cancelDeadline?.();
      run.isEnding = true;
      for (const instance of run.touched()) {
        instance.isReady = false;
        instance.cancelTimer?.();
      }
      run.dag.reset();
    }
    for (const pool of pools.values()) pool.reset();
    suspects.reset();
    admission.reset();
    runs.clear();
    this.#endedNow.length = 0;
    return all.map((run) => run.row.runNo).sort((a, b) => a - b);
  }

  /** It is there, and waits for its turn. */
  introduce(run: LiveRun): void {
    this.#enter(run);
    this.#desk.post({ kind: "activate", runNo: run.row.runNo });
  }

  #enter(run: LiveRun): void {
    this.#desk.runs.set(run.row.runNo, run);
    if (run.row.type === "scheduled") run.dag.scheduledRuns.add(run.row.runNo);
    this.#desk.services.observers.know(run);
    this.#parts.deadlines.watch(run);
  }

  #begin(run: LiveRun): void {
    const { plan, now, timers, progress, services } = this.#desk;
    const { row, graph, dag } = run;
    dag.activeRuns++;
    run.isActive = true;
    run.isQueued = false;
    if (run.startedAt === null) {
      run.startedAt = now;
      plan.add({ kind: "updateRun", runNo: row.runNo, from: ["queued"], to: "running", note: null, at: now });
    }
    if (graph.dag.runTimeoutMs !== undefined) {
      // A clock that was set back since the run began makes it no longer than it may be.
      const left = Math.min(graph.dag.runTimeoutMs, Math.max(0, run.startedAt + graph.dag.runTimeoutMs - now));
      run.cancelTimeout = timers.due(monotonicOf(services.clock) + left, () =>
        this.#desk.post({ kind: "run-timeout", runNo: row.runNo }),
      );
    }
    this.#parts.deadlines.watch(run);
    if (run.restoredWaits) this.#goOn(run, run.restoredWaits);
    else for (const taskNo of graph.roots) progress.touch(run, taskNo);
    this.#desk.check(run);
    progress.endIfDone(run);
  }

  /** A run that was read back may stand anywhere: every task is looked at, and those that waited wait on. */
  #goOn(run: LiveRun, waits: readonly RestoredWait[]): void {
    const { waiting, enqueue } = this.#parts;
    run.restoredWaits = undefined;
    for (let taskNo = 0; taskNo < run.graph.count; taskNo++) this.#desk.progress.touch(run, taskNo);
    for (const { instance, at, event } of waits) {
      if (event !== null) waiting.forEvent(instance, event);
      else if (at === null) enqueue(instance);
      else waiting.until(instance, at);
    }
  }

  /** An older picture of a run gives way to a newer one: what it held is free again. */
  #setAside(old: LiveRun): void {
    if (old.isActive) old.dag.activeRuns--;
    if (old.isQueued) old.dag.queuedRuns.splice(old.dag.queuedRuns.indexOf(old), 1);
    old.isEnding = true;
    old.cancelTimeout?.();
    old.cancelDeadline?.();
    for (const instance of old.touched()) {
      if (instance.state === "running" && instance.bucket) {
        this.#desk.admission.release(instance.bucket);
      } else {
        this.#parts.waiting.stop(instance);
      }
      instance.isReady = false;
    }
  }

  /** Somebody has worked on a run that had ended: those that it held back look again. */
  #pastChanged({ row, tasks }: StoredRun, live: LiveRun | undefined): void {
    for (const other of this.#desk.runs.values()) {
      const { past, heldByPast } = other;
      if (past?.runNo !== row.runNo || heldByPast.size === 0) continue;
      past.live = live;
      past.states = statesById(tasks);
      for (const taskNo of [...heldByPast.keys()]) this.#desk.progress.touch(other, taskNo);
      this.#desk.check(other);
    }
  }

  /** Those who wait for the older picture of a run look at the newer one. */
  #takeFollowers(run: LiveRun, old: LiveRun): void {
    for (const [taskId, waiters] of old.pastWaiters) {
      run.pastWaiters.set(taskId, waiters);
      for (const wake of waiters) wake();
    }
    for (const follower of old.followers) run.followers.add(follower);
  }
}

function noteSuccess(_: Outcome, { dag, row }: LiveRun): void {
  dag.newestSuccess.note(row);
}
