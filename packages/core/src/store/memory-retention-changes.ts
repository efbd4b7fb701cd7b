import { isRunFinished } from "../lifecycle/states.ts";
import type { DeleteEvents, DeleteLogs, DeleteRuns, DeleteXComsOfRuns, Outcome, RunRow } from "./contract.ts";
import { removeTask } from "./memory-clear-changes.ts";
import { capped } from "./memory-record-readers.ts";
import type { Transaction } from "./memory-tables.ts";

/** Runs that are removed at once. */
const mostRuns = 1_000;

export function deleteRuns(tx: Transaction, { runNos }: DeleteRuns): Outcome {
  const { tables } = tx;
  if (runNos.length > mostRuns) return { status: "refused", reason: `more than ${mostRuns} runs at once` };
  const removed = new Set<number>();
  const dagNos = new Set<number>();
  for (const runNo of runNos) {
    const run = tables.runs[runNo];
    if (run === undefined || !isRunFinished(run.state)) continue;
    removeRun(tx, run);
    removed.add(runNo);
    dagNos.add(run.dagNo);
  }
  for (const dagNo of dagNos) {
    const kept = tables.runsByDate.get(dagNo)?.filter((runNo) => !removed.has(runNo));
    tx.set(tables.runsByDate, dagNo, kept ?? []);
  }
  return { status: "deleted", count: removed.size };
}

function removeRun(tx: Transaction, { runNo, runId, dagNo, logicalDate, idempotencyKey }: RunRow): void {
  const { tables } = tx;
  for (const taskInstanceNo of tables.tasksOfRun.get(runNo) ?? []) removeTask(tx, taskInstanceNo);
  for (const seq of tables.eventsOfRun.get(runNo) ?? []) tx.replace(tables.events, seq, undefined);
  tx.delete(tables.tasksOfRun, runNo);
  tx.delete(tables.eventsOfRun, runNo);
  tx.delete(tables.runNoById, `${dagNo} ${runId}`);
  const date = `${dagNo} ${logicalDate}`;
  if (tables.runNoByDate.get(date) === runNo) tx.delete(tables.runNoByDate, date);
  if (idempotencyKey !== null) tx.delete(tables.runNoByIdempotencyKey, `${dagNo} ${idempotencyKey}`);
  tx.replace(tables.runs, runNo, undefined);
}

export function deleteXComsOfRuns(tx: Transaction, { runNos }: DeleteXComsOfRuns): Outcome {
  const { tables } = tx;
  if (runNos.length > mostRuns) return { status: "refused", reason: `more than ${mostRuns} runs at once` };
  let count = 0;
  for (const runNo of runNos) {
    const run = tables.runs[runNo];
    if (run === undefined || !isRunFinished(run.state)) continue;
    for (const taskInstanceNo of tables.tasksOfRun.get(runNo) ?? []) {
      count += tables.xcoms.get(taskInstanceNo)?.size ?? 0;
      tx.delete(tables.xcoms, taskInstanceNo);
    }
  }
  return { status: "deleted", count };
}

export function deleteEvents(tx: Transaction, change: DeleteEvents): Outcome {
  const { events, eventsOfRun } = tx.tables;
  return removeOldest(tx, events, change, ({ runNo }) => (runNo === null ? undefined : [eventsOfRun, runNo]));
}

export function deleteLogs(tx: Transaction, change: DeleteLogs): Outcome {
  const { logs, logsOfTask } = tx.tables;
  return removeOldest(tx, logs, change, ({ taskInstanceNo }) => [logsOfTask, taskInstanceNo]);
}

/** @param listed - the lists of numbers in which the number of a row stands, and the key of its list */
function removeOldest<T>(
  tx: Transaction,
  rows: (T | undefined)[],
  { upTo, limit }: DeleteEvents | DeleteLogs,
  listed: (row: T) => readonly [Map<number, number[]>, number] | undefined,
): Outcome {
  let count = 0;
  const most = capped(limit);
  for (let no = 1; no < rows.length && no <= upTo && count < most; no++) {
    const row = rows[no];
    if (row === undefined) continue;
    tx.replace(rows, no, undefined);
    const [lists, key] = listed(row) ?? [];
    if (lists !== undefined && key !== undefined)
      tx.set(lists, key, lists.get(key)?.filter((other) => other !== no) ?? []);
    count++;
  }
  return { status: "deleted", count };
}
