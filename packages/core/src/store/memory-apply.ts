import { coreError } from "../errors.ts";
import type { Change, Outcome } from "./contract.ts";
import {
  addBackfillItems,
  createBackfill,
  deleteBackfills,
  setBackfillLimit,
  skipBackfillItem,
  updateBackfill,
} from "./memory-backfill-changes.ts";
import { clearTask, collapseTask } from "./memory-clear-changes.ts";
import { done, silent, writeEvent } from "./memory-event.ts";
import { reprocessRun } from "./memory-reprocess-run.ts";
import { answerRequest, deleteRequests, fileRequest } from "./memory-request-changes.ts";
import { deleteEvents, deleteLogs, deleteRuns, deleteXComsOfRuns } from "./memory-retention-changes.ts";
import { advanceSchedule, createRun, registerDag, setDagPaused, updateRun } from "./memory-run-changes.ts";
import type { Transaction } from "./memory-tables.ts";
import {
  expandTask,
  finishTask,
  noSuchTask,
  removeXComs,
  replaceXCom,
  returnTask,
  setTask,
  startTask,
} from "./memory-task-changes.ts";

/** Applies one change to the tables of a transaction. */
export function applyChange(tx: Transaction, change: Change): Outcome {
  switch (change.kind) {
    case "registerDag":
      return registerDag(tx, change);
    case "setDagPaused":
      return setDagPaused(tx, change);
    case "advanceSchedule":
      return advanceSchedule(tx, change);
    case "createRun":
      return createRun(tx, change);
    case "updateRun":
      return updateRun(tx, change);
    case "startTask":
      return startTask(tx, change);
    case "finishTask":
      return finishTask(tx, change);
    case "returnTask":
      return returnTask(tx, change);
    case "setTask":
      return setTask(tx, change);
    case "clearTask":
      return clearTask(tx, change);
    case "expandTask":
      return expandTask(tx, change);
    case "collapseTask":
      return collapseTask(tx, change);
    case "deleteXComs":
      removeXComs(tx, change.refs);
      return done(writeEvent(tx, change, change.at));
    case "replaceXCom":
      return replaceXCom(tx, change);
    case "appendLogs": {
      if (tx.tables.tasks[change.taskInstanceNo] === undefined) return noSuchTask;
      const list = tx.listOf(tx.tables.logsOfTask, change.taskInstanceNo);
      for (const { at, level, message, fields } of change.lines) {
        const logNo = tx.tables.logs.length;
        tx.append(tx.tables.logs, {
          logNo,
          taskInstanceNo: change.taskInstanceNo,
          attempt: change.attempt,
          at,
          level,
          message,
          fields,
        });
        tx.append(list, logNo);
      }
      return silent;
    }
    case "putState": {
      const space = tx.mapOf(tx.tables.state, change.namespace);
      if (change.expected !== undefined && change.expected !== (space.get(change.key) ?? null)) {
        return { status: "refused", reason: "another value is stored" };
      }
      if (change.value === null) tx.delete(space, change.key);
      else tx.set(space, change.key, change.value);
      return silent;
    }
    case "putSetting":
      if (change.value === null) tx.delete(tx.tables.settings, change.key);
      else tx.set(tx.tables.settings, change.key, change.value);
      return silent;
    case "putPool":
      if (tx.tables.pools.get(change.pool) === change.slots) return silent;
      tx.set(tx.tables.pools, change.pool, change.slots);
      return done(writeEvent(tx, change, change.at));
    case "putChunk":
      tx.set(tx.mapOf(tx.tables.chunks, change.streamId), change.seq, {
        bytes: change.bytes.slice(),
        at: change.at,
      });
      return silent;
    case "deleteChunks":
      tx.delete(tx.tables.chunks, change.streamId);
      return silent;
    case "fileRequest":
      return fileRequest(tx, change);
    case "answerRequest":
      return answerRequest(tx, change);
    case "deleteRequests":
      return deleteRequests(tx, change);
    case "createBackfill":
      return createBackfill(tx, change);
    case "addBackfillItems":
      return addBackfillItems(tx, change);
    case "updateBackfill":
      return updateBackfill(tx, change);
    case "setBackfillLimit":
      return setBackfillLimit(tx, change);
    case "reprocessRun":
      return reprocessRun(tx, change);
    case "skipBackfillItem":
      return skipBackfillItem(tx, change);
    case "deleteBackfills":
      return deleteBackfills(tx, change);
    case "deleteXComsOfRuns":
      return deleteXComsOfRuns(tx, change);
    case "deleteRuns":
      return deleteRuns(tx, change);
    case "deleteEvents":
      return deleteEvents(tx, change);
    case "deleteLogs":
      return deleteLogs(tx, change);
    case "appendEvent":
      return done(writeEvent(tx, change, change.event.at, change.event.dagId));
    default:
      throw coreError("STORE_FAILED", {
        why: `there is no change of kind '${String((change as { kind: unknown }).kind)}'`,
      });
  }
}
