import type { CompiledGraph } from "../graph/compile.ts";
import { stateOfMapped } from "../lifecycle/run-state.ts";
import type { RunState, TaskState } from "../lifecycle/states.ts";
import { maskSecrets } from "../masking/masker.ts";
import type { LiveRun } from "../scheduler/live-run.ts";
import type { RunRow, Store, StoredError, TaskInstanceRow } from "../store/contract.ts";
import { type Instant, instantOf } from "../time/temporal.ts";

/** How one instance of a task ended. */
export interface TaskInstanceResult {
  readonly state: TaskState;
  /** Attempts made; 0 if it never started. */
  readonly attempts: number;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly error: StoredError | null;
  /** Why it was skipped, cancelled or could not run. */
  readonly reason: string | null;
}

/** How a task ended. Of a mapped task: the whole, and every instance by its index. */
export interface TaskResult extends TaskInstanceResult {
  readonly instances: readonly TaskInstanceResult[];
}

/** How a run ended, or how it stands if it goes on. */
export interface RunOutcome {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
  /** `success`, or for example `success, 1 task failed`. */
  readonly summary: string;
  readonly note: string | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  /** By task id. */
  readonly tasks: Readonly<Record<string, TaskResult>>;
}

/** How a run ended, and the values it left. */
export interface RunResult extends RunOutcome {
  /**
   * A value that a task of the run left; by default its result. Of a mapped task the list, or one element.
   * `undefined` if there is none.
   */
  xcom(taskId: string, options?: { readonly key?: string; readonly mapIndex?: number }): Promise<unknown>;
}

interface InstanceData {
  readonly state: TaskState;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
  readonly reason: string | null;
}

/** Results from memory, without asking the store. */
export function tasksOfLiveRun(run: LiveRun): Record<string, TaskResult> {
  return collect(run.graph, (taskNo) => {
    const mapping = run.mappings.get(taskNo);
    if (mapping) return mapping.instances;
    const instance = run.instances[taskNo];
    return [
      instance ?? { state: run.stateOf(taskNo), attempt: 0, startedAt: null, endedAt: null, error: null, reason: null },
    ];
  });
}

/**
 * How a run stands in a store that may have been opened as a reader: what `engine.run` gives, apart from the values.
 *
 * @example
 * ```ts no-run
 * import { readRunOutcome } from "@millrace/core/engine";
 * import { sqlite } from "@millrace/store-sqlite";
 *
 * const store = sqlite({ path: ".millrace/millrace.db" });
 * await store.open("reader");
 * const [newest] = await store.runs.list({ dagId: "hello", limit: 1 });
 * console.log((await readRunOutcome(store, newest)).summary);
 * ```
 */
export async function readRunOutcome(store: Pick<Store, "tasks">, row: RunRow): Promise<RunOutcome> {
  return {
    dagId: row.dagId,
    runId: row.runId,
    state: row.state,
    note: row.note,
    summary: summaryOf(row.state, row.note),
    startedAt: row.startedAt === null ? null : instantOf(row.startedAt),
    endedAt: row.endedAt === null ? null : instantOf(row.endedAt),
    tasks: tasksOfRows(await store.tasks.ofRun(row.runNo)),
  };
}

/** Results from the store's rows. */
function tasksOfRows(rows: readonly TaskInstanceRow[]): Record<string, TaskResult> {
  const byId = new Map<string, TaskInstanceRow[]>();
  for (const row of rows) byId.set(row.taskId, [...(byId.get(row.taskId) ?? []), row]);
  return Object.fromEntries([...byId].map(([id, list]) => [id, resultOfTask(list, list[0].mapIndex >= 0)]));
}

export function summaryOf(state: RunState, note: string | null): string {
  return note === null ? state : `${state}, ${note}`;
}

function collect(
  graph: CompiledGraph,
  instancesOf: (taskNo: number) => readonly InstanceData[],
): Record<string, TaskResult> {
  const results: Record<string, TaskResult> = {};
  graph.tasks.forEach((task, taskNo) => {
    results[task.id] = resultOfTask(instancesOf(taskNo), task.map !== undefined);
  });
  return results;
}

function resultOfTask(list: readonly InstanceData[], isMapped: boolean): TaskResult {
  const instances = list.map(resultOfInstance);
  if (!isMapped || list.length === 1) return { ...instances[0], instances };
  const starts = list.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]));
  const ends = list.flatMap(({ endedAt }) => (endedAt === null ? [] : [endedAt]));
  return {
    state: stateOfMapped((state) => list.filter((instance) => instance.state === state).length),
    attempts: list.reduce((sum, { attempt }) => sum + attempt, 0),
    startedAt: starts.length === 0 ? null : instantOf(starts.reduce((a, b) => Math.min(a, b))),
    endedAt: ends.length === 0 ? null : instantOf(ends.reduce((a, b) => Math.max(a, b))),
    error: instances.find(({ error }) => error !== null)?.error ?? null,
    reason: null,
    instances,
  };
}

function resultOfInstance({ state, attempt, startedAt, endedAt, error, reason }: InstanceData): TaskInstanceResult {
  return {
    state,
    attempts: attempt,
    startedAt: startedAt === null ? null : instantOf(startedAt),
    endedAt: endedAt === null ? null : instantOf(endedAt),
    error: error === null ? null : (JSON.parse(error) as StoredError),
    reason: reason === null ? null : maskSecrets(reason),
  };
}
