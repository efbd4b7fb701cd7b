import type { RunState, TaskState } from "@millrace/core/plugin";

/** a → b, and c beside them, which is tried twice. */
export const taskIds = ["a", "b", "c"] as const;
export type TaskId = (typeof taskIds)[number];
export type Marked = "success" | "failed" | "skipped";

interface ModelTask {
  state: TaskState;
  /** Failures since it was made or cleared. */
  failures: number;
  /** An attempt of it was made, whatever became of it. */
  wasAttempted: boolean;
}

export interface ModelRun {
  readonly runId: string;
  state: RunState;
  readonly tasks: Record<TaskId, ModelTask>;
}

const over: readonly TaskState[] = ["success", "failed", "skipped", "upstream_failed", "cancelled"];
const wrong: readonly TaskState[] = ["failed", "upstream_failed", "cancelled"];

/** What an engine is held against: states of runs and tasks, and nothing of how an engine keeps them. */
export class SmallModel {
  readonly runs: ModelRun[] = [];

  trigger(runId: string): void {
    const fresh = (): ModelTask => ({ state: "scheduled", failures: 0, wasAttempted: false });
    const run: ModelRun = { runId, state: "running", tasks: { a: fresh(), b: fresh(), c: fresh() } };
    this.runs.push(run);
    this.#goOn(run);
  }

  finish(run: ModelRun, id: TaskId, how: "success" | "failed"): void {
    const task = run.tasks[id];
    task.state = how;
    if (how === "failed" && id === "c" && task.failures++ === 0) task.state = "up_for_retry";
    this.#goOn(run);
  }

  /** So much time has passed that every retry is due. */
  advance(): void {
    for (const run of this.runs)
      for (const task of Object.values(run.tasks)) if (task.state === "up_for_retry") task.state = "running";
  }

  cancel(run: ModelRun): void {
    if (run.state !== "running") return;
    for (const task of Object.values(run.tasks)) if (!over.includes(task.state)) task.state = "cancelled";
    run.state = "cancelled";
  }

  clear(run: ModelRun, id: TaskId): void {
    this.#clear(run, id === "a" ? ["a", "b"] : [id]);
  }

  /** False when there is nothing to retry. */
  retry(run: ModelRun): boolean {
    const again = taskIds.filter((id) => wrong.includes(run.tasks[id].state));
    if (again.length === 0) return false;
    this.#clear(run, [...again, ...(again.includes("a") ? (["b"] as const) : [])]);
    return true;
  }

  mark(run: ModelRun, id: TaskId, to: Marked): void {
    const { [id]: task, b } = run.tasks;
    if (task.state === to) return;
    task.state = to;
    if (to !== "failed" && id === "a" && (b.state === "failed" || b.state === "upstream_failed")) this.#reset(b);
    run.state = "running";
    this.#goOn(run);
  }

  #clear(run: ModelRun, ids: readonly TaskId[]): void {
    const begun = [...new Set(ids)].filter((id) => run.tasks[id].wasAttempted || run.tasks[id].state !== "scheduled");
    for (const id of begun) this.#reset(run.tasks[id]);
    if (begun.length > 0) run.state = "running";
    this.#goOn(run);
  }

  #reset(task: ModelTask): void {
    Object.assign(task, { state: "scheduled", failures: 0 });
  }

  #goOn(run: ModelRun): void {
    if (run.state !== "running") return;
    const { a, b, c } = run.tasks;
    for (const task of [a, c]) if (task.state === "scheduled") task.state = "running";
    if (b.state === "scheduled" && over.includes(a.state))
      b.state = a.state === "success" ? "running" : a.state === "skipped" ? "skipped" : "upstream_failed";
    for (const task of [a, b, c]) if (task.state === "running") task.wasAttempted = true;
    if (![a, b, c].every(({ state }) => over.includes(state))) return;
    run.state = [b, c].every(({ state }) => state === "success" || state === "skipped") ? "success" : "failed";
  }
}
