import { RUN_STATES, type TaskState } from "../lifecycle/states.ts";
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
  { dagNo, logicalDate, runNo, backfillNo }: RunRow,
  catchup: boolean,
  live: ReadonlyMap<number, LiveRun>,
): Promise<PastRun | undefined> {
  const previous = await store.runs.previous({ dagNo, logicalDate, runNo, scheduledOnly: catchup });
  if (!previous) return undefined;
  const alive = live.get(previous.runNo);
  const states = statesById(alive ? [] : await store.tasks.ofRun(previous.runNo));
  const isIgnored = backfillNo !== null && (await firstOf(store, backfillNo)) === runNo;
  return { runNo: previous.runNo, states, live: alive, isIgnored };
}

/** How the tasks of a run stand, by their ids, for those that depend on it. */
export function statesById(tasks: readonly TaskInstanceRow[]): ReadonlyMap<string, TaskState> {
  const states = new Map<string, TaskState>();
  for (const { taskId, state } of tasks) states.set(taskId, worse(states.get(taskId), state));
  return states;
}

/** The run of the first item of a backfill that has got one. */
async function firstOf(store: Store, backfillNo: number): Promise<number | null | undefined> {
  const [first] = await store.backfills.items({ backfillNo, limit: 1, states: RUN_STATES });
  return first?.runNo;
}

/** Of a mapped task's instances the first that did not end well speaks for all. */
function worse(a: TaskState | undefined, b: TaskState): TaskState {
  return a === undefined || a === "success" || a === "skipped" ? b : a;
}
