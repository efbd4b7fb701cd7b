import type { TaskState } from "../lifecycle/states.ts";
import type { RunRow, Store, TaskInstanceRow } from "../store/contract.ts";
import type { LiveRun, PastRun } from "./live-run.ts";

/** A run as the store has it. */
export interface StoredRun {
  readonly row: RunRow;
  readonly tasks: readonly TaskInstanceRow[];
}

export async function loadRun(store: Store, runNo: number): Promise<StoredRun | undefined> {
  const row = await store.runs.get(runNo);
  return row && { row, tasks: await store.tasks.ofRun(runNo) };
}

/**
 * The run before, for tasks that depend on their past: with catchup the previous scheduled one, otherwise any.
 * `undefined` when there is none.
 */
export async function loadPast(
  store: Store,
  { dagNo, logicalDate, runNo }: RunRow,
  catchup: boolean,
  live: ReadonlyMap<number, LiveRun>,
): Promise<PastRun | undefined> {
  const previous = await store.runs.previous({ dagNo, logicalDate, runNo, scheduledOnly: catchup });
  if (!previous) return undefined;
  const states = new Map<string, TaskState>();
  const alive = live.get(previous.runNo);
  if (!alive) {
    for (const task of await store.tasks.ofRun(previous.runNo))
      states.set(task.taskId, worse(states.get(task.taskId), task.state));
  }
  return { runNo: previous.runNo, states, live: alive };
}

/** Of a mapped task's instances the first that did not end well speaks for all. */
function worse(a: TaskState | undefined, b: TaskState): TaskState {
  return a === undefined || a === "success" || a === "skipped" ? b : a;
}
