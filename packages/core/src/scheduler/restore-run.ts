import { coreError } from "../errors.ts";
import { stateOfMapped } from "../lifecycle/run-state.ts";
import { isFinished, type TaskState } from "../lifecycle/states.ts";
import type { StoredError, TaskInstanceRow } from "../store/contract.ts";
import { decodeValue } from "../xcom/codec.ts";
import type { Attempts } from "./attempts.ts";
import { type Instance, LiveRun } from "./live-run.ts";
import type { LiveVersion } from "./live-version.ts";
import type { StoredRun } from "./load-run.ts";
import type { LostAttempts } from "./lost-attempts.ts";
import type { Plan } from "./plan.ts";
import { stoppedAttempt } from "./stopped-attempt.ts";

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
  readonly maxCrashes: number;
  readonly lost: LostAttempts;
  /** A task failed because it has taken its process along too often. */
  onPoison(instance: Instance, error: StoredError): void;
  nextOrder(): number;
}

/**
 * Rebuilds a live run from its rows. Attempts of this engine go on under their tokens; an attempt that nobody makes any
 * more was lost with its process and starts again as the next attempt.
 */
export function restoreRun(
  stored: StoredRun,
  version: LiveVersion,
  around: Surroundings,
): { readonly run: LiveRun; readonly waits: RestoredWait[] } {
  const { row, tasks } = stored;
  const params: unknown = row.params === null ? undefined : decodeValue(row.params);
  const conf = row.conf === null ? {} : (decodeValue(row.conf) as Readonly<Record<string, unknown>>);
  // Rows come by task number; the first was made with the run, so its place tells where the run's numbers begin.
  const firstNo = tasks.length === 0 ? 0 : tasks[0].taskInstanceNo - tasks[0].taskNo;
  const run = new LiveRun(row, version, firstNo, params, conf);
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
  instance.uncounted = row.uncounted;
  instance.crashes = row.crashes;
  watch(instance, around);
  instance.token = row.token;
  instance.startedAt = row.startedAt;
  instance.endedAt = row.endedAt;
  instance.error = row.error;
  instance.reason = row.reason;
  instance.state = row.state;
  const known = around.known.get(row.token);
  around.known.delete(row.token);
  if (known && row.state !== "running") around.attempts.wasRecorded(known, row);
  if (isFinished(row.state)) return countEnd(run, instance);
  switch (row.state) {
    case "running":
      if (known) return around.attempts.goOn(instance, known);
      loseAttempt(run, instance, around, waits);
      if (instance.state === "failed") countEnd(run, instance);
      return;
    case "up_for_retry":
    case "up_for_reschedule":
      waits.push({ instance, at: wakesAt(row, around.now), event: null });
      return;
    case "waiting":
      waits.push({ instance, at: null, event: row.awaits });
      return;
    default:
      // Instances of a mapping were ready when they were made, and one whose attempt was given up was ready before it;
      // others, those that were cleared among them, are found by looking at their upstreams again.
      if (mapping || row.token !== 0) waits.push({ instance, at: null, event: null });
      else instance.isUndecided = true;
  }
}

/** The instant that was written down; but a clock that was set back since makes no wait longer than it was meant to be. */
function wakesAt({ wakeAt, endedAt }: TaskInstanceRow, now: number): number {
  if (wakeAt === null) return now;
  return Math.min(wakeAt, now + Math.max(0, wakeAt - (endedAt ?? wakeAt)));
}

/** Those behind it, and the run, know how it ended. */
function countEnd(run: LiveRun, { taskNo, state }: Instance): void {
  const mapping = run.mappings.get(taskNo);
  run.count(taskNo, state);
  if (state === "failed") run.failures++;
  if (mapping) {
    mapping.unfinished--;
    mapping.endedAs.set(state, (mapping.endedAs.get(state) ?? 0) + 1);
  } else {
    run.setState(taskNo, state);
    run.unfinished--;
  }
}

/** What may take its process along is kept from others. */
function watch(instance: Instance, { maxCrashes }: Surroundings): void {
  const { crashes } = instance;
  instance.isSuspect = crashes > 0 && crashes >= maxCrashes - 1;
  instance.isAlone = crashes >= maxCrashes;
}

/**
 * The process that made the attempt is gone. A task that has taken its process along too often is not tried again; but as
 * long as others were under way in the same process, one of them may have done it.
 */
function loseAttempt(run: LiveRun, instance: Instance, around: Surroundings, waits: RestoredWait[]): void {
  const { no: taskInstanceNo, token, attempt, taskNo } = instance;
  const { runNo } = run.row;
  const { now: at, plan, maxCrashes } = around;
  const reason = `the process that made attempt ${attempt} ended`;
  instance.crashes++;
  instance.uncounted++;
  watch(instance, around);
  if (instance.crashes < maxCrashes || !around.lost.wasAlone(token)) {
    plan.add({ kind: "returnTask", taskInstanceNo, runNo, token, attempt, why: "lost", reason, at });
    instance.state = "scheduled";
    instance.reason = reason;
    waits.push({ instance, at: null, event: null });
    return;
  }
  const { name, message, code, cure } = coreError("TASK_POISON", {
    taskId: run.graph.tasks[taskNo].id,
    crashes: instance.crashes,
  });
  const error: StoredError = { name, message: `${message}. ${cure}`, code };
  const ended = stoppedAttempt({ taskInstanceNo, runNo, token, attempt, state: "failed", at }, error);
  plan.add(ended);
  instance.error = ended.error;
  instance.state = "failed";
  instance.endedAt = at;
  around.onPoison(instance, error);
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
