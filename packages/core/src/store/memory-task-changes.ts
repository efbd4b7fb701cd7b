import { isFinished } from "../lifecycle/states.ts";
import type {
  ExpandTask,
  FinishTask,
  Outcome,
  ReplaceXCom,
  ReturnTask,
  SetTask,
  StartTask,
  TaskInstanceRow,
  XComRef,
  XComRow,
} from "./contract.ts";
import { done, silent, writeEvent } from "./memory-event.ts";
import { neverTried, nothingYet, type Transaction } from "./memory-tables.ts";

export function startTask(tx: Transaction, change: StartTask): Outcome {
  const row = tx.tables.tasks[change.taskInstanceNo];
  if (row === undefined) return noSuchTask;
  if (!change.from.includes(row.state)) return wrongState(row);
  if (!(change.token > 0)) return { status: "refused", reason: "a token is larger than 0" };
  const { token, attempt, at } = change;
  tx.replace(tx.tables.tasks, row.taskInstanceNo, {
    ...row,
    ...nothingYet,
    state: "running",
    token,
    attempt,
    startedAt: at,
  });
  return done(writeEvent(tx, change, at));
}

export function finishTask(tx: Transaction, change: FinishTask): Outcome {
  const row = runningUnder(tx, change);
  if ("status" in row) return row;
  const { state, error, wakeAt, awaits, at } = change;
  tx.replace(tx.tables.tasks, row.taskInstanceNo, { ...row, state, error, wakeAt, awaits, endedAt: at });
  storeXComs(tx, change, row);
  storeRecords(tx, change);
  return done(writeEvent(tx, change, at));
}

export function returnTask(tx: Transaction, change: ReturnTask): Outcome {
  const row = runningUnder(tx, change);
  if ("status" in row) return row;
  tx.replace(tx.tables.tasks, row.taskInstanceNo, {
    ...row,
    ...nothingYet,
    state: "scheduled",
    reason: change.reason,
    crashes: row.crashes + (change.why === "lost" ? 1 : 0),
    uncounted: row.uncounted + 1,
  });
  return done(writeEvent(tx, change, change.at));
}

export function setTask(tx: Transaction, change: SetTask): Outcome {
  const row = tx.tables.tasks[change.taskInstanceNo];
  if (row === undefined) return noSuchTask;
  if (!change.from.includes(row.state)) return wrongState(row);
  const { to, reason, at } = change;
  tx.replace(tx.tables.tasks, row.taskInstanceNo, {
    ...row,
    state: to,
    reason,
    wakeAt: null,
    awaits: null,
    endedAt: isFinished(to) ? at : null,
  });
  return done(writeEvent(tx, change, at));
}

export function expandTask(tx: Transaction, change: ExpandTask): Outcome {
  const { tables } = tx;
  const { runNo, taskNo, count } = change;
  const row = tables.tasks[change.placeholderNo];
  if (row === undefined || row.runNo !== runNo || row.taskNo !== taskNo) return noSuchTask;
  if (row.mapIndex !== -1) return { status: "refused", reason: "the task is expanded already" };
  if (row.state !== "scheduled") return wrongState(row);
  if (!(count >= 1)) return { status: "refused", reason: "the count is less than 1" };
  tx.replace(tables.tasks, row.taskInstanceNo, { ...row, mapIndex: 0 });
  const firstTaskInstanceNo = tables.tasks.length;
  const ofRun = tx.listOf(tables.tasksOfRun, runNo);
  for (let mapIndex = 1; mapIndex < count; mapIndex++) {
    const taskInstanceNo = firstTaskInstanceNo + mapIndex - 1;
    tx.append(tables.tasks, { taskInstanceNo, runNo, taskNo, taskId: row.taskId, mapIndex, ...neverTried });
    tx.append(ofRun, taskInstanceNo);
  }
  return {
    status: "expanded",
    firstTaskInstanceNo: count === 1 ? 0 : firstTaskInstanceNo,
    eventSeq: writeEvent(tx, change, change.at),
  };
}

/** The row of an attempt, or why it is not that attempt's any more. */
function runningUnder(
  tx: Transaction,
  { taskInstanceNo, token }: FinishTask | ReturnTask,
): TaskInstanceRow | Extract<Outcome, { status: "refused" }> {
  const row = tx.tables.tasks[taskInstanceNo];
  if (row === undefined) return noSuchTask;
  if (row.state !== "running") return wrongState(row);
  return row.token === token ? row : { status: "refused", reason: "the token is stale" };
}

export function removeXComs(tx: Transaction, refs: readonly XComRef[]): void {
  const { xcoms } = tx.tables;
  for (const { taskInstanceNo, key } of refs) {
    const kept = xcoms.get(taskInstanceNo);
    if (!kept?.has(key)) continue;
    const less = new Map(kept);
    less.delete(key);
    tx.set(xcoms, taskInstanceNo, less);
  }
}

export function replaceXCom(tx: Transaction, change: ReplaceXCom): Outcome {
  const { xcoms } = tx.tables;
  const { taskInstanceNo, key, expected, put } = change;
  const kept = xcoms.get(taskInstanceNo);
  const row = kept?.get(key);
  if (row === undefined || row.stored !== expected) return { status: "refused", reason: "another value is stored" };
  const { format, stored, sizeBytes } = put;
  tx.set(xcoms, taskInstanceNo, new Map(kept).set(key, { ...row, format, stored, sizeBytes }));
  return silent;
}

function storeXComs(tx: Transaction, change: FinishTask, task: TaskInstanceRow): void {
  const { xcoms } = tx.tables;
  removeXComs(tx, change.deletes);
  const { taskInstanceNo, runNo, taskId, mapIndex } = task;
  if (!change.replacesXComs && change.xcoms.length === 0) return;
  const kept = new Map<string, XComRow>(change.replacesXComs ? [] : xcoms.get(taskInstanceNo));
  for (const { key, format, stored, sizeBytes } of change.xcoms) {
    kept.set(key, { taskInstanceNo, runNo, taskId, mapIndex, key, format, stored, sizeBytes, createdAt: change.at });
  }
  tx.set(xcoms, taskInstanceNo, kept);
}

function storeRecords(tx: Transaction, { taskInstanceNo, attempt, reads, performance }: FinishTask): void {
  const { tables } = tx;
  if (reads.length > 0) {
    const kept = new Map(tables.reads.get(taskInstanceNo));
    for (const read of reads) kept.set(`${read.taskInstanceNo} ${read.key}`, { ...read });
    tx.set(tables.reads, taskInstanceNo, kept);
  }
  if (performance !== null) {
    const kept = new Map(tables.performance.get(taskInstanceNo)).set(attempt, { ...performance });
    tx.set(tables.performance, taskInstanceNo, kept);
  }
}

export function wrongState(row: TaskInstanceRow): Extract<Outcome, { status: "refused" }> {
  return { status: "refused", reason: `the task instance is ${row.state}` };
}

export const noSuchTask = Object.freeze({ status: "refused", reason: "there is no such task instance" } as const);
