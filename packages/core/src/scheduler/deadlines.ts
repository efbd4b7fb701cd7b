import { isFinished } from "../lifecycle/states.ts";
import type { RunRow, Store } from "../store/contract.ts";
import { callRunDeadline, callTaskDeadline } from "./callbacks.ts";
import type { Desk } from "./desk.ts";
import type { Instance, LiveRun } from "./live-run.ts";

/** Under this namespace of the state facet it is remembered which deadlines of a run were told to be missed. */
export const deadlineNamespace = "deadline";

/** Stands for the run itself where tasks have their numbers. */
const wholeRun = -1;

interface Deadline {
  readonly at: number;
  /** {@link wholeRun}, or the number of a task. */
  readonly what: number;
}

/** What should have ended by an instant: that it has not is told once, whatever restarts there are, and nothing is stopped. */
export class Deadlines {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Waits for the next deadline of the run. To be called again when the run begins: its tasks' deadlines follow from that. */
  watch(run: LiveRun): void {
    const { dag, tasksWithDeadline } = run.version;
    if (dag.deadlineMs === undefined && tasksWithDeadline.length === 0) return;
    run.cancelDeadline?.();
    run.cancelDeadline = undefined;
    const next = Math.min(...openDeadlines(run).map(({ at }) => at));
    if (next === Number.POSITIVE_INFINITY) return;
    const { runNo } = run.row;
    run.cancelDeadline = this.#desk.timers.at(next, () => this.#desk.post({ kind: "deadline", runNo, at: next }));
  }

  /**
   * A deadline of the run has come.
   *
   * @param at - the instant that was waited for; a clock that was set back may not have come to it
   * @param told - what the store knows to have been told: by a former engine, or in a group whose answer was lost
   */
  passed(run: LiveRun, at: number, told: readonly number[] = []): void {
    const { plan, now } = this.#desk;
    run.toldDeadlines = new Set([...(run.toldDeadlines ?? []), ...told]);
    const missed = openDeadlines(run).filter((deadline) => deadline.at <= Math.max(now, at));
    for (const deadline of missed) {
      run.toldDeadlines.add(deadline.what);
      if (deadline.what === wholeRun) this.#tellRun(run, deadline.at);
      else this.#tellTask(run, deadline);
    }
    if (missed.length > 0) {
      const value = JSON.stringify([...run.toldDeadlines]);
      plan.add({ kind: "putState", namespace: deadlineNamespace, key: String(run.row.runNo), value, at: now });
    }
    this.watch(run);
  }

  #tellRun(run: LiveRun, deadline: number): void {
    const { plan } = this.#desk;
    const { row, graph } = run;
    this.#record("run.deadline_missed", run, deadline, undefined);
    const state = run.startedAt === null ? "queued" : "running";
    plan.after(() => callRunDeadline(this.#desk, { dag: graph.dag, row, state, note: null }));
  }

  #tellTask(run: LiveRun, { at, what: taskNo }: Deadline): void {
    const { plan, services } = this.#desk;
    const instance =
      run.mappings.get(taskNo)?.instances.find(({ state }) => !isFinished(state)) ??
      run.instances[taskNo] ??
      // Not one of the run's: a task that has an instance there is taken for one whose turn has come.
      run.newInstance(taskNo, run.firstNo + taskNo, -1, 0);
    this.#record("task.deadline_missed", run, at, instance);
    plan.after(() => callTaskDeadline(services, instance));
  }

  #record(kind: string, { row }: LiveRun, deadline: number, instance: Instance | undefined): void {
    const { plan, services, now: at } = this.#desk;
    const { dagId, runNo } = row;
    const event = { at, kind, dagId, runNo, taskInstanceNo: instance?.no ?? null, attempt: instance?.attempt || null };
    plan.add({ kind: "appendEvent", event: { ...event, data: JSON.stringify({ deadline }) } });
    plan.after(() => services.metrics.deadlineMissed(dagId, instance ? "task" : "run"));
  }
}

/** Deadlines of what has not ended, but for those that are told. */
function openDeadlines(run: LiveRun): Deadline[] {
  const { dag } = run.graph;
  const { tasksWithDeadline } = run.version;
  const open: Deadline[] = [];
  const add = (at: number, what: number): void => {
    if (!run.toldDeadlines?.has(what)) open.push({ at, what });
  };
  if (dag.deadlineMs !== undefined) add(dueAt(run.row) + dag.deadlineMs, wholeRun);
  if (run.startedAt === null) return open;
  for (const taskNo of tasksWithDeadline) {
    if (!isFinished(run.stateOf(taskNo))) add(run.startedAt + (dag.tasks[taskNo].deadlineMs as number), taskNo);
  }
  return open;
}

/** A scheduled run is due when its interval is over; one that somebody asks for when they do, however old its interval. */
function dueAt({ type, intervalEnd, createdAt }: RunRow): number {
  return type === "scheduled" ? intervalEnd : createdAt;
}

/** What the store knows to have been told of this run. */
export async function toldDeadlines(store: Pick<Store, "state">, runNo: number): Promise<readonly number[]> {
  return JSON.parse((await store.state.get(deadlineNamespace, String(runNo))) ?? "[]") as readonly number[];
}
