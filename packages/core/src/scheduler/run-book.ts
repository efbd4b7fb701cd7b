import { coreError } from "../errors.ts";
import { isRunFinished, type RunState } from "../lifecycle/states.ts";
import { runEndEvent } from "../runtime/built-in-tasks.ts";
import type { RunRow } from "../store/contract.ts";
import type { Attempts } from "./attempts.ts";
import { bucketOf } from "./buckets.ts";
import { callRunCallback } from "./callbacks.ts";
import type { Desk } from "./desk.ts";
import { type Instance, LiveRun } from "./live-run.ts";
import { loadPast, loadRun, type StoredRun } from "./load-run.ts";
import type { CreateMessage, Message } from "./messages.ts";
import { type RestoredWait, restoreRun } from "./restore-run.ts";
import type { RunEnds } from "./run-ends.ts";
import type { Waiting } from "./waiting.ts";

interface Parts {
  readonly attempts: Attempts;
  readonly waiting: Waiting;
  readonly ends: RunEnds;
  enqueue(instance: Instance): void;
}

/** Runs from their creation, or from what the store holds of them, to their end. */
export class RunBook {
  readonly #desk: Desk;
  readonly #parts: Parts;

  constructor(desk: Desk, parts: Parts) {
    this.#desk = desk;
    this.#parts = parts;
  }

  create({ request, resolve, reject }: CreateMessage): void {
    const { plan, now: at, services } = this.#desk;
    const {
      dag,
      runId,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      idempotencyKey,
      paramsText: params,
      confText: conf,
    } = request;
    const row = {
      dagNo: dag.dagNo,
      versionNo: dag.versionNo,
      runId,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      idempotencyKey,
      params,
      conf,
    };
    plan.isRequest = true;
    plan.add({ kind: "createRun", ...row, at }, (outcome) => {
      if (outcome.status === "exists") {
        if (outcome.by !== "idempotency_key")
          return reject(
            coreError("RUN_EXISTS", { dagId: dag.dag.id, runId: outcome.runId, by: outcome.by.replace("_", " ") }),
          );
        services.store.runs
          .get(outcome.runNo)
          .then(
            (found) =>
              resolve({ runNo: outcome.runNo, runId: outcome.runId, state: found?.state ?? "queued", isNew: false }),
            reject,
          );
        return;
      }
      if (outcome.status !== "created")
        return reject(coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to a new run` }));
      const stored: RunRow = {
        ...row,
        runNo: outcome.runNo,
        dagId: dag.dag.id,
        state: "queued",
        note: null,
        createdAt: at,
        startedAt: null,
        endedAt: null,
      };
      this.#introduce(new LiveRun(stored, dag, dag.graph, outcome.firstTaskInstanceNo, request.params, request.conf));
      resolve({ runNo: outcome.runNo, runId, state: "queued", isNew: true });
    });
  }

  /** What the run depends on is known: it begins, or queues for its turn among the DAG's runs. */
  activate(run: LiveRun): void {
    if (run.isActive || run.isQueued) return;
    const { dag } = run;
    if (dag.activeRuns < dag.dag.maxActiveRuns) return this.#begin(run);
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
    run.isEnding = true;
    run.cancelTimeout?.();
    plan.add({ kind: "updateRun", runNo: row.runNo, from: ["queued", "running"], to: state, note, at: endedAt });
    runs.delete(row.runNo);
    run.past = undefined;
    if (run.isActive) dag.activeRuns--;
    else if (run.isQueued) dag.queuedRuns.splice(dag.queuedRuns.indexOf(run), 1);
    const next = dag.activeRuns < dag.dag.maxActiveRuns ? dag.queuedRuns.shift() : undefined;
    if (next) this.#begin(next);
    this.#parts.waiting.happened(runEndEvent(row.runNo));
    plan.after(() => {
      services.observers.forget(row.runNo);
      this.#parts.ends.tell({ run, state, note, endedAt });
      callRunCallback(services, run, state, note);
    });
  }

  /** Takes a run over from what the store holds of it, instead of what memory may hold. */
  restore(stored: StoredRun): void {
    const { services, runs, plan, now, pools, admission } = this.#desk;
    const { row } = stored;
    if (isRunFinished(row.state)) return;
    const dag = services.dagOf(row.dagId);
    const old = runs.get(row.runNo);
    if (old) this.#setAside(old);
    if (!dag || dag.versionNo !== row.versionNo)
      return this.#parts.ends.reject(row.runNo, coreError("DAG_VERSION_GONE", { runId: row.runId, dagId: row.dagId }));
    const { run, waits } = restoreRun(stored, dag, {
      inflight: this.#parts.attempts.inflight,
      nextOrder: () => this.#desk.nextOrder(),
      plan,
      now,
    });
    for (const instance of run.touched()) {
      if (instance.state !== "running") continue;
      run.activity++;
      instance.bucket = bucketOf(admission, run, instance, pools);
      for (const limit of instance.bucket.limits) limit.used += limit === instance.bucket.pool ? instance.slots : 1;
    }
    if (row.state === "queued") return this.#introduce(run);
    this.#enter(run);
    this.#withPast(run, { kind: "resume", run, waits }, () => this.resume(run, waits));
  }

  resume(run: LiveRun, waits: readonly RestoredWait[]): void {
    const { runs, progress } = this.#desk;
    if (runs.get(run.row.runNo) !== run || run.isActive) return;
    this.#begin(run);
    for (let taskNo = 0; taskNo < run.graph.count; taskNo++) progress.touch(run, taskNo);
    for (const { instance, at, event } of waits) {
      if (event !== null) this.#parts.waiting.forEvent(instance, event);
      else if (at === null) this.#parts.enqueue(instance);
      else this.#parts.waiting.until(instance, at);
    }
  }

  reload(run: LiveRun): void {
    const { runs, services } = this.#desk;
    const { runNo } = run.row;
    if (runs.get(runNo) !== run) return;
    loadRun(services.store, runNo).then(
      (stored) => stored && this.#desk.post({ kind: "adopt", stored, resolve: () => undefined }),
      (error: unknown) => this.#parts.ends.reject(runNo, error),
    );
  }

  /** Drops all live runs; attempts that the executor has keep running and are found again by their tokens. */
  forgetAll(): void {
    const { runs, pools } = this.#desk;
    for (const run of runs.values()) {
      run.cancelTimeout?.();
      run.isEnding = true;
      for (const instance of run.touched()) {
        instance.isReady = false;
        if (instance.isSubmitted) continue;
        instance.cancelTimer?.();
        this.#parts.attempts.inflight.delete(instance.token);
      }
      run.dag.reset();
    }
    for (const pool of pools.values()) pool.used = 0;
    runs.clear();
  }

  #introduce(run: LiveRun): void {
    this.#enter(run);
    const message: Message = { kind: "activate", runNo: run.row.runNo };
    this.#withPast(run, message, () => this.#desk.post(message));
  }

  #enter(run: LiveRun): void {
    this.#desk.runs.set(run.row.runNo, run);
    this.#desk.services.observers.know(run);
  }

  /** Goes on at once, or by `message` once it is known how the run before stands. */
  #withPast(run: LiveRun, message: Message, goOn: () => void): void {
    if (!run.dag.dependsOnPast) return goOn();
    const { services, runs } = this.#desk;
    loadPast(services.store, run, runs).then(
      (past) => {
        run.past = past;
        this.#desk.post(message);
      },
      (error: unknown) => this.#parts.ends.reject(run.row.runNo, error),
    );
  }

  #begin(run: LiveRun): void {
    const { plan, now, timers, progress } = this.#desk;
    const { row, graph, dag } = run;
    dag.activeRuns++;
    run.isActive = true;
    run.isQueued = false;
    if (run.startedAt === null) {
      run.startedAt = now;
      plan.add({ kind: "updateRun", runNo: row.runNo, from: ["queued"], to: "running", note: null, at: now });
    }
    if (graph.dag.runTimeoutMs !== undefined) {
      run.cancelTimeout = timers.at(run.startedAt + graph.dag.runTimeoutMs, () =>
        this.#desk.post({ kind: "run-timeout", runNo: row.runNo }),
      );
    }
    for (const taskNo of graph.roots) progress.touch(run, taskNo);
    this.#desk.check(run);
    progress.endIfDone(run);
  }

  /** An older picture of a run gives way to a newer one: what it held is free again. */
  #setAside(old: LiveRun): void {
    if (old.isActive) old.dag.activeRuns--;
    if (old.isQueued) old.dag.queuedRuns.splice(old.dag.queuedRuns.indexOf(old), 1);
    old.isEnding = true;
    old.cancelTimeout?.();
    for (const instance of old.touched()) {
      if (instance.state === "running" && instance.bucket) {
        for (const limit of instance.bucket.limits) limit.used -= limit === instance.bucket.pool ? instance.slots : 1;
      } else {
        this.#parts.waiting.stop(instance);
      }
      instance.isReady = false;
    }
  }
}
