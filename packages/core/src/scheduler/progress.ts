import { unfollowed } from "../graph/unfollowed.ts";
import { deriveRunState, stateOfMapped } from "../lifecycle/run-state.ts";
import type { RunState, TaskState } from "../lifecycle/states.ts";
import { decidePast } from "../readiness/past.ts";
import { decideTriggerRule, type UpstreamCounts } from "../readiness/trigger-rule.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import type { Plan } from "./plan.ts";
import { stoppedAttempt } from "./stopped-attempt.ts";

/** What progress asks of the scheduler around it. */
export interface ProgressHost {
  readonly now: number;
  readonly plan: Plan;
  /** The instance may start as soon as limits allow. */
  enqueue(instance: Instance): void;
  /** The elements of a mapped task can be read now. */
  expand(run: LiveRun, taskNo: number): void;
  /** Stops the attempt: its signal aborts, its outcome no longer counts, its slots are free. */
  stopAttempt(instance: Instance, reason: string): void;
  /** It no longer waits for an instant, an event or its turn. */
  stopWaiting(instance: Instance): void;
  nextOrder(): number;
  /** The active run of this number. */
  liveRun(runNo: number): LiveRun | undefined;
  /** The run is looked at at the end of the tick: it may be unable to go on. */
  check(run: LiveRun): void;
  runEnded(run: LiveRun, state: RunState, note: string | null): void;
}

/** Moves runs forward: from tasks that ended to tasks that may start, are skipped or cannot run any more, to the run's end. */
export class Progress {
  readonly #host: ProgressHost;
  readonly #touched: { readonly run: LiveRun; readonly taskNo: number }[] = [];
  readonly #counts: UpstreamCounts = {
    success: 0,
    failed: 0,
    skipped: 0,
    upstreamFailed: 0,
    removed: 0,
    done: 0,
    successSetup: 0,
    skippedSetup: 0,
  };

  constructor(host: ProgressHost) {
    this.#host = host;
  }

  /** The task is looked at again by the next {@link advance}. */
  touch(run: LiveRun, taskNo: number): void {
    this.#touched.push({ run, taskNo });
  }

  /** Looks at every touched task, and at those that this touches in turn. A loop, not recursion: chains may be long. */
  advance(): void {
    for (let place = 0; place < this.#touched.length; place++) {
      const { run, taskNo } = this.#touched[place];
      this.#evaluate(run, taskNo);
    }
    this.#touched.length = 0;
  }

  /** Forgets what was touched; used after a failed commit. */
  reset(): void {
    this.#touched.length = 0;
  }

  /** An instance has ended. The change that records it is in the plan already. */
  settle(instance: Instance, state: TaskState): void {
    const { run, taskNo } = instance;
    instance.state = state;
    instance.endedAt = this.#host.now;
    run.count(taskNo, state);
    if (state === "failed") run.failures++;
    const mapping = run.mappings.get(taskNo);
    if (mapping) {
      mapping.unfinished--;
      mapping.endedAs.set(state, (mapping.endedAs.get(state) ?? 0) + 1);
      // One element of a setup that did not succeed is enough for what stands in its scope.
      if (state !== "success") this.#touchAll(run, run.graph.indirectDownstream[taskNo] ?? []);
      if (mapping.unfinished === 0)
        this.#taskEnded(
          run,
          taskNo,
          stateOfMapped((other) => mapping.endedAs.get(other) ?? 0),
        );
    } else {
      this.#taskEnded(run, taskNo, state);
    }
    this.#touchAll(run, run.graph.downstream[taskNo]);
    if (state === "failed" && run.graph.dag.failFast) this.#failFast(run, instance);
  }

  /** Moves an instance that has no attempt under way, and all that follows from it. */
  move(instance: Instance, to: TaskState, reason: string): void {
    const { run, no, state } = instance;
    this.#host.plan.add({
      kind: "setTask",
      taskInstanceNo: no,
      runNo: run.row.runNo,
      from: [state],
      to,
      reason,
      at: this.#host.now,
    });
    instance.reason = reason;
    this.settle(instance, to);
  }

  /** After a branch, short circuit or latest-only: skips what is not followed. */
  skipUnfollowed(run: LiveRun, taskNo: number, followed: readonly string[] | boolean): void {
    if (followed === true) return;
    const task = run.graph.tasks[taskNo];
    const reason =
      typeof followed === "boolean"
        ? `'${task.id}' said not to go on`
        : `'${task.id}' chose ${followed.length === 0 ? "nothing" : followed.map((choice) => `'${choice}'`).join(", ")}`;
    for (const next of unfollowed(run.graph, taskNo, followed)) this.#skip(run, next, reason);
  }

  /** Ends whatever of a run has not ended: running attempts as `running`, the rest as `waiting`. */
  endRest(
    run: LiveRun,
    ends: {
      readonly running: TaskState;
      readonly waiting: TaskState;
      readonly reason: string;
      readonly spares?: (taskNo: number) => boolean;
    },
  ): void {
    const { count } = run.graph;
    for (let taskNo = 0; taskNo < count; taskNo++) {
      if (ends.spares?.(taskNo)) continue;
      const mapping = run.mappings.get(taskNo);
      for (const instance of mapping ? [...mapping.instances] : [run.instance(taskNo, this.#host.nextOrder())])
        this.#endNow(instance, ends);
    }
  }

  /** Ends the run if everything in it has. */
  endIfDone(run: LiveRun): void {
    if (run.unfinished > 0 || run.isEnding) return;
    run.isEnding = true;
    const considered = run.graph.considered.map((taskNo) => run.stateOf(taskNo));
    const state = deriveRunState({ considered, anyFailed: run.failures > 0, rule: run.graph.dag.runState });
    const note = run.failures > 0 ? `${run.failures} task${run.failures === 1 ? "" : "s"} failed` : null;
    this.#host.runEnded(run, state, note);
  }

  #touchAll(run: LiveRun, tasks: readonly number[]): void {
    for (const taskNo of tasks) this.#touched.push({ run, taskNo });
  }

  #taskEnded(run: LiveRun, taskNo: number, state: TaskState): void {
    run.setState(taskNo, state);
    run.unfinished--;
    this.#touchAll(run, run.graph.indirectDownstream[taskNo] ?? []);
    const waiters = run.pastWaiters.get(run.graph.tasks[taskNo].id);
    if (waiters) {
      run.pastWaiters.delete(run.graph.tasks[taskNo].id);
      for (const wake of waiters) wake();
    }
    this.endIfDone(run);
  }

  #evaluate(run: LiveRun, taskNo: number): void {
    if (run.isEnding || !run.isActive || !run.isUntouched(taskNo)) return;
    const { graph } = run;
    const task = graph.tasks[taskNo];
    const setups = this.#decideSetups(run, taskNo);
    if (setups === "wait") return;
    if (setups !== "run")
      return this.move(run.instance(taskNo, this.#host.nextOrder()), setups, "a setup that it needs did not succeed");
    const totals = run.readCounts(taskNo, this.#counts);
    const decision = decideTriggerRule(task.triggerRule, this.#counts, totals);
    if (decision === "wait") return;
    if (decision !== "run")
      return this.move(
        run.instance(taskNo, this.#host.nextOrder()),
        decision,
        `its trigger rule '${task.triggerRule}' cannot be met`,
      );
    if (task.dependsOnPast && !this.#isPastMet(run, taskNo)) return;
    if (task.map) this.#host.expand(run, taskNo);
    else this.#host.enqueue(run.instance(taskNo, this.#host.nextOrder()));
  }

  #decideSetups(run: LiveRun, taskNo: number): "run" | "wait" | "skipped" | "upstream_failed" {
    let decision: "run" | "wait" = "run";
    for (const setup of run.graph.indirectSetups[taskNo]) {
      const ended = run.mappings.get(setup)?.endedAs;
      const has = (state: TaskState): boolean => (ended ? ended.has(state) : run.stateOf(setup) === state);
      if (has("failed") || has("upstream_failed")) return "upstream_failed";
      if (has("skipped")) return "skipped";
      if (run.stateOf(setup) !== "success") decision = "wait";
    }
    return decision;
  }

  #isPastMet(run: LiveRun, taskNo: number): boolean {
    const { past, graph } = run;
    const task = graph.tasks[taskNo];
    if (past) past.live = this.#host.liveRun(past.runNo) ?? past.live;
    const live = past?.live;
    const stateIn = (id: string): TaskState | undefined => {
      if (!live) return past?.states.get(id);
      const number = live.graph.numberOf.get(id);
      return number === undefined ? undefined : live.stateOf(number);
    };
    const behind = graph.downstream[taskNo].map((next) => graph.tasks[next].id);
    const decision = decidePast({
      dependsOnPast: task.dependsOnPast,
      waitForDownstream: task.waitForDownstream,
      previous: past && {
        state: stateIn(task.id),
        downstream: task.waitForDownstream ? behind.flatMap((id) => stateIn(id) ?? []) : [],
      },
      isFirstOfBackfill: past?.isIgnored === true,
    });
    run.heldByPast.delete(taskNo);
    if (decision.met) return true;
    run.heldByPast.set(taskNo, decision.why);
    this.#host.check(run);
    if (!live) return false;
    live.followers.add(run);
    for (const id of [task.id, ...(task.waitForDownstream ? behind : [])]) {
      const waiters = live.pastWaiters.get(id) ?? [];
      waiters.push(() => this.touch(run, taskNo));
      live.pastWaiters.set(id, waiters);
    }
    return false;
  }

  #skip(run: LiveRun, taskNo: number, reason: string): void {
    if (run.isUntouched(taskNo)) return this.move(run.instance(taskNo, this.#host.nextOrder()), "skipped", reason);
    const instance = run.instances[taskNo];
    if (!instance?.isReady && !instance?.isExpanding) return;
    this.#host.stopWaiting(instance);
    this.move(instance, "skipped", reason);
  }

  #endNow(
    instance: Instance,
    ends: { readonly running: TaskState; readonly waiting: TaskState; readonly reason: string },
  ): void {
    const { run, state } = instance;
    switch (state) {
      case "running":
        this.#host.plan.add(
          stoppedAttempt(
            {
              taskInstanceNo: instance.no,
              runNo: run.row.runNo,
              token: instance.token,
              attempt: instance.attempt,
              state: ends.running,
              at: this.#host.now,
            },
            { name: "Stopped", message: ends.reason },
          ),
        );
        this.#host.stopAttempt(instance, ends.reason);
        return this.settle(instance, ends.running);
      case "scheduled":
      case "queued":
      case "up_for_retry":
      case "up_for_reschedule":
      case "waiting":
        this.#host.stopWaiting(instance);
        return this.move(instance, ends.waiting, ends.reason);
    }
  }

  #failFast(run: LiveRun, failed: Instance): void {
    if (run.hasFailedFast) return;
    run.hasFailedFast = true;
    const reason = `'${run.graph.tasks[failed.taskNo].id}' failed, and the DAG stops at the first failure`;
    const isTeardown = (taskNo: number): boolean => run.graph.tasks[taskNo].role === "teardown";
    this.endRest(run, { running: "failed", waiting: "skipped", reason, spares: isTeardown });
  }
}
