/** Where a task instance stands. The words are Airflow's; `waiting` is a task that awaits an event. */
export type TaskState =
  | "scheduled"
  | "queued"
  | "running"
  | "success"
  | "failed"
  | "skipped"
  | "upstream_failed"
  | "up_for_retry"
  | "up_for_reschedule"
  | "waiting"
  | "removed"
  | "cancelled";

/** Where a run stands. */
export type RunState = "queued" | "running" | "success" | "failed" | "cancelled";

export const RUN_STATES: readonly RunState[] = ["queued", "running", "success", "failed", "cancelled"];

/** What made a run. */
export type RunType = "scheduled" | "manual" | "backfill" | "triggered";

/** True for runs that own their logical date: a DAG has one of them for each. */
export function ownsItsDate({ type }: { readonly type: RunType }): boolean {
  return type === "scheduled" || type === "backfill";
}

export const TASK_STATES: readonly TaskState[] = [
  "scheduled",
  "queued",
  "running",
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "up_for_retry",
  "up_for_reschedule",
  "waiting",
  "removed",
  "cancelled",
];

const finishedTaskStates: ReadonlySet<TaskState> = new Set<TaskState>([
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "removed",
  "cancelled",
]);

/** True for the states that a task instance leaves only by being cleared. */
export function isFinished(state: TaskState): boolean {
  return finishedTaskStates.has(state);
}

/** True once a run has ended. */
export function isRunFinished(state: RunState): boolean {
  return state === "success" || state === "failed" || state === "cancelled";
}

/** The moves that the engine may make; every other pair of states is refused. */
const taskMoves: Readonly<Record<TaskState, readonly TaskState[]>> = {
  scheduled: ["queued", "running", "skipped", "upstream_failed", "removed", "cancelled", "failed"],
  queued: ["running", "scheduled", "skipped", "failed", "cancelled"],
  running: ["success", "failed", "skipped", "up_for_retry", "up_for_reschedule", "waiting", "cancelled", "scheduled"],
  up_for_retry: ["running", "queued", "scheduled", "skipped", "failed", "cancelled"],
  up_for_reschedule: ["running", "queued", "scheduled", "skipped", "failed", "cancelled"],
  waiting: ["running", "scheduled", "skipped", "failed", "cancelled"],
  success: [],
  failed: [],
  skipped: [],
  upstream_failed: [],
  removed: [],
  cancelled: [],
};

/** True when the engine may move a task instance from one state to the other. */
export function isLegalTaskMove(from: TaskState, to: TaskState): boolean {
  return taskMoves[from].includes(to);
}
