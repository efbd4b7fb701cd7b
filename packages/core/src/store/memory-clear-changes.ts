import type { ClearTask, CollapseTask, Outcome, TaskInstanceRow } from "./contract.ts";
import { done, writeEvent } from "./memory-event.ts";
import { nothingYet, type Transaction } from "./memory-tables.ts";
import { noSuchTask, wrongState } from "./memory-task-changes.ts";

/** Changes that make a task instance as if it had not run. */

export function clearTask(tx: Transaction, change: ClearTask): Outcome {
  const row = tx.tables.tasks[change.taskInstanceNo];
  if (row === undefined) return noSuchTask;
  if (!change.from.includes(row.state)) return wrongState(row);
  clear(tx, row, change.reason);
  return done(writeEvent(tx, change, change.at));
}

export function collapseTask(tx: Transaction, change: CollapseTask): Outcome {
  const { tables } = tx;
  const { runNo, taskNo } = change;
  const row = tables.tasks[change.placeholderNo];
  if (row === undefined || row.runNo !== runNo || row.taskNo !== taskNo) return noSuchTask;
  if (row.mapIndex !== 0) return { status: "refused", reason: "it is not index 0 of an expanded task" };
  const kept: number[] = [];
  for (const taskInstanceNo of tables.tasksOfRun.get(runNo) ?? []) {
    const other = tables.tasks[taskInstanceNo];
    if (other?.taskNo === taskNo && other.mapIndex >= 1) removeTask(tx, taskInstanceNo);
    else kept.push(taskInstanceNo);
  }
  tx.set(tables.tasksOfRun, runNo, kept);
  clear(tx, { ...row, mapIndex: -1 }, change.reason);
  return done(writeEvent(tx, change, change.at));
}

function clear(tx: Transaction, row: TaskInstanceRow, reason: string | null): void {
  const { tables } = tx;
  const { taskInstanceNo, attempt } = row;
  const cleared = { state: "scheduled", token: 0, crashes: 0, uncounted: attempt, reason } as const;
  tx.replace(tables.tasks, taskInstanceNo, { ...row, ...nothingYet, ...cleared });
  tx.delete(tables.xcoms, taskInstanceNo);
  tx.delete(tables.reads, taskInstanceNo);
}

/** The instance and all that is its own. Its place stays empty, so that its number is not given out again. */
export function removeTask(tx: Transaction, taskInstanceNo: number): void {
  const { tables } = tx;
  for (const logNo of tables.logsOfTask.get(taskInstanceNo) ?? []) tx.replace(tables.logs, logNo, undefined);
  for (const map of [tables.xcoms, tables.reads, tables.performance, tables.logsOfTask])
    tx.delete<number, unknown>(map, taskInstanceNo);
  tx.replace(tables.tasks, taskInstanceNo, undefined);
}
