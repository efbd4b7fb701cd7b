import { isRunFinished } from "../lifecycle/states.ts";
import type { Outcome, ReprocessRun, TaskInstanceRow } from "./contract.ts";
import { notNext, takeItem } from "./memory-backfill-changes.ts";
import { removeTask } from "./memory-clear-changes.ts";
import { done, writeEvent } from "./memory-event.ts";
import { neverTried, type Transaction } from "./memory-tables.ts";

/** Has a run that has ended run again for a backfill, with the tasks of a version. */
export function reprocessRun(tx: Transaction, change: ReprocessRun): Outcome {
  const { tables } = tx;
  const { runNo, backfillNo, itemNo, versionNo, at } = change;
  const run = tables.runs[runNo];
  if (run === undefined) return refused("there is no such run");
  if (!isRunFinished(run.state)) return refused(`the run is ${run.state}`);
  if (run.type !== "scheduled" && run.type !== "backfill") return refused("the run does not own its logical date");
  const version = tables.versions[versionNo];
  if (version?.row.dagNo !== run.dagNo) return refused("there is no such version of the DAG");
  const refusal = notNext(tx, change, run.dagNo);
  if (refusal !== undefined) return refusal;
  const item = tables.backfillItems.get(backfillNo)?.[itemNo];
  remakeTasks(tx, runNo, version.taskIds);
  tx.replace(tables.runs, runNo, {
    ...run,
    ...{ type: "backfill", backfillNo, versionNo, state: "queued", note: null, startedAt: null, endedAt: null },
    ...{ params: item?.params ?? run.params, conf: item?.conf ?? run.conf },
  });
  tx.mark(tables.activeRuns, runNo, true);
  takeItem(tx, change, runNo, "queued");
  return done(writeEvent(tx, change, at, run.dagId));
}

function remakeTasks(tx: Transaction, runNo: number, taskIds: readonly string[]): void {
  const { tables } = tx;
  const old = (tables.tasksOfRun.get(runNo) ?? []).map((no) => tables.tasks[no] as TaskInstanceRow);
  const byId = new Map(old.filter(({ mapIndex }) => mapIndex <= 0).map((row) => [row.taskId, row]));
  const kept: number[] = [];
  for (const [taskNo, taskId] of taskIds.entries()) {
    const taskInstanceNo = tables.tasks.length;
    const before = byId.get(taskId);
    const counted = before === undefined ? {} : { attempt: before.attempt, uncounted: before.attempt };
    tx.append(tables.tasks, { taskInstanceNo, runNo, taskNo, taskId, mapIndex: -1, ...neverTried, ...counted });
    kept.push(taskInstanceNo);
    if (before !== undefined) handOver(tx, before.taskInstanceNo, taskInstanceNo);
  }
  for (const { taskInstanceNo } of old) removeTask(tx, taskInstanceNo);
  tx.set(tables.tasksOfRun, runNo, kept);
}

/** Logs and what attempts cost belong to the newer instance from now on. */
function handOver(tx: Transaction, from: number, to: number): void {
  const { tables } = tx;
  const logNos = tables.logsOfTask.get(from);
  for (const logNo of logNos ?? []) {
    const log = tables.logs[logNo];
    if (log) tx.replace(tables.logs, logNo, { ...log, taskInstanceNo: to });
  }
  for (const map of [tables.logsOfTask, tables.performance] as Map<number, unknown>[]) {
    const value = map.get(from);
    if (value === undefined) continue;
    tx.delete(map, from);
    tx.set(map, to, value);
  }
}

function refused(reason: string): Outcome {
  return { status: "refused", reason };
}
