import type { EngineEvent } from "@millrace/core/engine";
import { isFinished, type TaskState } from "@millrace/core/plugin";

/** How a task stands while the run goes on; of a mapped task all elements together. */
export interface TaskProgress {
  readonly taskId: string;
  state: TaskState;
  attempt: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Elements of a mapped task, once they are known. */
  elements: { readonly total: number; readonly states: Map<number, TaskState> } | undefined;
}

/** What the events of one run have told so far. */
export class RunProgress {
  readonly dagId: string;
  runId: string | undefined;
  startedAt: number | undefined;
  readonly tasks: ReadonlyMap<string, TaskProgress>;
  readonly counts = new Map<TaskState, number>();

  constructor(dagId: string, taskIds: readonly string[]) {
    this.dagId = dagId;
    this.tasks = new Map(
      taskIds.map((taskId) => [
        taskId,
        { taskId, state: "scheduled", attempt: 0, startedAt: undefined, endedAt: undefined, elements: undefined },
      ]),
    );
    this.counts.set("scheduled", taskIds.length);
  }

  /** Tasks that have ended, however they did. */
  get ended(): number {
    let ended = 0;
    for (const [state, count] of this.counts) if (isFinished(state)) ended += count;
    return ended;
  }

  /** Takes an event of the engine; gives the task that it was about. */
  take(event: EngineEvent): TaskProgress | undefined {
    if (event.dagId !== this.dagId || event.runId === undefined) return undefined;
    this.runId ??= event.runId;
    if (event.runId !== this.runId) return undefined;
    if (event.kind === "run.running") this.startedAt ??= event.at;
    const task = event.taskId === undefined ? undefined : this.tasks.get(event.taskId);
    if (!task || !event.kind.startsWith("task.")) return undefined;
    if (event.kind === "task.expanded") {
      const { count } = event.data as { readonly count: number };
      task.elements = { total: count, states: new Map() };
      return undefined;
    }
    const state = event.kind.slice("task.".length) as TaskState;
    if (event.attempt !== undefined) task.attempt = Math.max(task.attempt, event.attempt);
    if (state === "running") task.startedAt ??= event.at;
    if (task.elements && event.mapIndex !== undefined && event.mapIndex >= 0)
      task.elements.states.set(event.mapIndex, state);
    this.#move(task, task.elements ? stateOfElements(task.elements) : state);
    task.endedAt = isFinished(task.state) ? event.at : undefined;
    return task;
  }

  #move(task: TaskProgress, state: TaskState): void {
    this.counts.set(task.state, (this.counts.get(task.state) ?? 1) - 1);
    this.counts.set(state, (this.counts.get(state) ?? 0) + 1);
    task.state = state;
  }
}

/** Elements that have ended. */
export function endedElements(elements: NonNullable<TaskProgress["elements"]>): number {
  let ended = 0;
  for (const state of elements.states.values()) if (isFinished(state)) ended++;
  return ended;
}

function stateOfElements(elements: NonNullable<TaskProgress["elements"]>): TaskState {
  const states = [...elements.states.values()];
  if (endedElements(elements) < elements.total) return "running";
  for (const bad of ["failed", "upstream_failed", "cancelled"] as const) if (states.includes(bad)) return bad;
  return states.every((state) => state === "skipped") ? "skipped" : "success";
}
