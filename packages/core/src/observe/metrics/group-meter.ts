import { isFinished, isRunFinished } from "../../lifecycle/states.ts";
import type { Instance, LiveRun } from "../../scheduler/live-run.ts";
import type { Change, FinishTask, Outcome, StartTask } from "../../store/contract.ts";
import type { DagMeter } from "./dag-meter.ts";

/** A run whose changes are counted. */
export interface MeteredRun {
  readonly run: LiveRun;
  readonly dag: DagMeter;
  /** A task of it has started; or had, before this engine knew the run. */
  hasStarted: boolean;
}

/** Counts what a stored group recorded. Runs once for every change there is: nothing is made for a task. */
export function countGroup(
  changes: readonly Change[],
  outcomes: readonly Outcome[],
  runOf: (runNo: number) => MeteredRun | undefined,
): void {
  let known: MeteredRun | undefined;
  let knownNo = -1;
  for (let place = 0; place < outcomes.length; place++) {
    const change = changes[place];
    if (!("runNo" in change) || outcomes[place].status !== "done") continue;
    if (change.runNo !== knownNo) {
      knownNo = change.runNo;
      known = runOf(knownNo);
    }
    if (known) count(change, known);
  }
}

function count(change: Change, known: MeteredRun): void {
  const { dag, run } = known;
  switch (change.kind) {
    case "startTask":
      return countStart(change, known);
    case "finishTask":
      return countEnd(change, known);
    case "returnTask":
      if (change.why === "lost") dag.lostAttempts.value++;
      return;
    case "setTask":
      if (isFinished(change.to)) dag.taskEnded(change.to);
      return;
    case "updateRun":
      if (isRunFinished(change.to))
        dag.runEnded(change.to, run.startedAt === null ? undefined : change.at - run.startedAt);
      return;
  }
}

function countStart({ from, at }: StartTask, known: MeteredRun): void {
  // An attempt that was rescheduled, or waited for an event, goes on.
  if (from[0] !== "up_for_reschedule" && from[0] !== "waiting") known.dag.attempts.value++;
  if (known.hasStarted) return;
  known.hasStarted = true;
  known.dag.firstTaskAfter(at - known.run.row.createdAt);
}

function countEnd({ state, at, taskInstanceNo, xcoms }: FinishTask, { dag, run }: MeteredRun): void {
  if (isFinished(state)) dag.taskEnded(state);
  else if (state === "up_for_retry") dag.retries.value++;
  else if (state === "scheduled") dag.lostAttempts.value++;
  const startedAt = instanceOf(run, taskInstanceNo)?.startedAt;
  if (startedAt !== null && startedAt !== undefined && state !== "scheduled") dag.attemptTook(at - startedAt);
  for (let place = 0; place < xcoms.length; place++) dag.xcomBytes.value += xcoms[place].sizeBytes;
}

function instanceOf(run: LiveRun, no: number): Instance | undefined {
  const taskNo = no - run.firstNo;
  if (taskNo < run.graph.count && run.instances[taskNo]) return run.instances[taskNo];
  for (const { instances } of run.mappings.values()) {
    // The first has the placeholder's number; the others have numbers that follow one another.
    if (instances[0]?.no === no) return instances[0];
    const instance = instances[no - (instances[1]?.no ?? no) + 1];
    if (instance?.no === no) return instance;
  }
  return undefined;
}
