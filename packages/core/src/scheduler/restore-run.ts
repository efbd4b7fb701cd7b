import { stateOfMapped } from "../lifecycle/run-state.ts";
import { isFinished, type TaskState } from "../lifecycle/states.ts";
import type { TaskInstanceRow } from "../store/contract.ts";
import { decodeValue } from "../xcom/codec.ts";
import type { Attempts } from "./attempts.ts";
import type { LiveDag } from "./live-dag.ts";
import { type Instance, LiveRun } from "./live-run.ts";
import type { StoredRun } from "./load-run.ts";
import type { Plan } from "./plan.ts";

/** An instance that waits: for an instant, for an event, or (neither) for its turn. */
export interface RestoredWait {
  readonly instance: Instance;
  readonly at: number | null;
  readonly event: string | null;
}

interface Surroundings {
  /** Attempts of this run that this engine makes or was about to make, by token. Those that are found are taken out. */
  readonly known: Map<number, Instance>;
  readonly attempts: Pick<Attempts, "goOn" | "wasRecorded">;
  readonly plan: Plan;
  readonly now: number;
  nextOrder(): number;
}

/**
 * Rebuilds a live run from its rows. Attempts of this engine go on under their tokens; an attempt that nobody makes any
 * more was lost with its process and starts again as the next attempt.
 */
export function restoreRun(
  stored: StoredRun,
  dag: LiveDag,
  around: Surroundings,
): { readonly run: LiveRun; readonly waits: RestoredWait[] } {
  const { row, tasks } = stored;
  const params: unknown = row.params === null ? undefined : decodeValue(row.params);
  const conf = row.conf === null ? {} : (decodeValue(row.conf) as Readonly<Record<string, unknown>>);
  // Rows come by task number; the first was made with the run, so its place tells where the run's numbers begin.
  const firstNo = tasks.length === 0 ? 0 : tasks[0].taskInstanceNo - tasks[0].taskNo;
  const run = new LiveRun(row, dag, dag.graph, firstNo, params, conf);
  const waits: RestoredWait[] = [];
  for (const rows of byTask(tasks)) {
    if (rows[0].mapIndex < 0)
      restoreInstance(run, run.instance(rows[0].taskNo, around.nextOrder()), rows[0], around, waits);
    else restoreMapping(run, rows, around, waits);
  }
  return { run, waits };
}

function restoreMapping(
  run: LiveRun,
  rows: readonly TaskInstanceRow[],
  around: Surroundings,
  waits: RestoredWait[],
): void {
  const { taskNo } = rows[0];
  const instances = rows.map((row) => run.newInstance(taskNo, row.taskInstanceNo, row.mapIndex, around.nextOrder()));
  const mapping = {
    bucket: undefined,
    elements: undefined,
    instances,
    unfinished: instances.length,
    endedAs: new Map<TaskState, number>(),
  };
  run.mappings.set(taskNo, mapping);
  run.countMore(taskNo, instances.length - 1);
  for (const [index, row] of rows.entries()) restoreInstance(run, instances[index], row, around, waits);
  if (mapping.unfinished > 0) return;
  run.setState(
    taskNo,
    stateOfMapped((state) => mapping.endedAs.get(state) ?? 0),
  );
  run.unfinished--;
}

function restoreInstance(
  run: LiveRun,
  instance: Instance,
  row: TaskInstanceRow,
  around: Surroundings,
  waits: RestoredWait[],
): void {
  const { taskNo } = instance;
  const mapping = run.mappings.get(taskNo);
  instance.attempt = row.attempt;
  instance.token = row.token;
  instance.startedAt = row.startedAt;
  instance.endedAt = row.endedAt;
  instance.error = row.error;
  instance.reason = row.reason;
  instance.state = row.state;
  const known = around.known.get(row.token);
  around.known.delete(row.token);
  if (known && row.state !== "running") around.attempts.wasRecorded(known, row);
  if (isFinished(row.state)) {
    run.count(taskNo, row.state);
    if (row.state === "failed") run.failures++;
    if (mapping) {
      mapping.unfinished--;
      mapping.endedAs.set(row.state, (mapping.endedAs.get(row.state) ?? 0) + 1);
    } else {
      run.setState(taskNo, row.state);
      run.unfinished--;
    }
    return;
  }
  switch (row.state) {
    case "running":
      if (known) return around.attempts.goOn(instance, known);
      return loseAttempt(run, instance, around, waits);
    case "up_for_retry":
    case "up_for_reschedule":
      waits.push({ instance, at: row.wakeAt ?? around.now, event: null });
      return;
    case "waiting":
      waits.push({ instance, at: null, event: row.awaits });
      return;
    default:
      // Instances of a mapping were ready when they were made, and one that has lost an attempt was ready before it;
      // others are found by looking at their upstreams again.
      if (mapping || row.attempt > 0) waits.push({ instance, at: null, event: null });
      else run.instances[taskNo] = undefined;
  }
}

function loseAttempt(run: LiveRun, instance: Instance, around: Surroundings, waits: RestoredWait[]): void {
  const { token, attempt } = instance;
  around.plan.add({
    kind: "finishTask",
    taskInstanceNo: instance.no,
    runNo: run.row.runNo,
    token,
    attempt,
    state: "scheduled",
    error: JSON.stringify({ name: "Lost", message: "the process that made this attempt ended" }),
    wakeAt: null,
    awaits: null,
    replacesXComs: false,
    xcoms: [],
    deletes: [],
    reads: [],
    performance: null,
    at: around.now,
  });
  instance.state = "scheduled";
  waits.push({ instance, at: null, event: null });
}

function* byTask(tasks: readonly TaskInstanceRow[]): Generator<TaskInstanceRow[]> {
  let group: TaskInstanceRow[] = [];
  for (const row of tasks) {
    if (group.length > 0 && group[0].taskNo !== row.taskNo) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}
