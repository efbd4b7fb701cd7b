import { type Change, coreError, type FinishTask, type Outcome, type StartTask } from "@millrace/core/plugin";
import type { DatabaseSync, StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";
import { scheduleAdvancer } from "./advance-schedule.ts";
import { logAppender } from "./append-logs.ts";
import { BackfillCounts } from "./backfill-counts.ts";
import { itemSkipper } from "./backfill-runs.ts";
import { backfillCreator, backfillDeleter, backfillUpdater, itemAdder, limitSetter } from "./backfills.ts";
import { taskClearer, taskCollapser } from "./clear-task.ts";
import { runCreator } from "./create-run.ts";
import { chunkDeleter } from "./delete-chunks.ts";
import { xcomDeleter } from "./delete-xcoms.ts";
import { EventWriter } from "./event-writer.ts";
import { taskExpander } from "./expand-task.ts";
import { rowFinisher, taskFinisher } from "./finish-task.ts";
import { readLastNumbers } from "./last-numbers.ts";
import { endOfRow } from "./neighbours.ts";
import { chunkPutter } from "./put-chunk.ts";
import { poolPutter } from "./put-pool.ts";
import { settingPutter } from "./put-setting.ts";
import { statePutter } from "./put-state.ts";
import { dagRegistrar } from "./register-dag.ts";
import { xcomReplacer } from "./replace-xcom.ts";
import { runReprocessor } from "./reprocess-run.ts";
import { requestAnswerer, requestDeleter, requestFiler } from "./requests.ts";
import { eventDeleter, logDeleter, runDeleter, runXComDeleter } from "./retention.ts";
import { taskReturner } from "./return-task.ts";
import { RowBatch } from "./row-batch.ts";
import { dagPauser } from "./set-dag-paused.ts";
import { taskSetter } from "./set-task.ts";
import { rowStarter, taskStarter } from "./start-task.ts";
import { runUpdater } from "./update-run.ts";
import { BrokenRow, done, flushRecords, type Writer } from "./writer.ts";

const xcomColumns = ["task_instance_no", "key", "format", "size_bytes", "created_at", "stored"];
const readColumns = ["task_instance_no", "source_no", "key", "size_bytes"];
const performanceColumns = [
  ...["task_instance_no", "attempt", "scope", "duration_us", "cpu_us"],
  ...["memory_before_bytes", "memory_after_bytes", "memory_peak_bytes", "loop_delay_us"],
];

/** Applies groups of changes, each in one transaction; the only thing that writes rows. */
export class GroupWriter {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #writer: Writer;
  readonly #apply: (change: Change) => Outcome;
  readonly #applyRow: (row: readonly Change[]) => readonly Outcome[];
  #synchronous: "normal" | "full" | undefined;

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
    this.#begin = sql.get("BEGIN IMMEDIATE");
    this.#commit = sql.get("COMMIT");
    const replacing = "INSERT OR REPLACE INTO";
    this.#writer = {
      db,
      sql,
      events: new EventWriter(sql),
      last: readLastNumbers(sql),
      xcoms: new RowBatch(sql, replacing, "xcoms", xcomColumns),
      reads: new RowBatch(sql, replacing, "xcom_reads", readColumns),
      performance: new RowBatch(sql, replacing, "attempt_performance", performanceColumns),
      backfills: new BackfillCounts(sql),
      dagNoOfVersion: new Map(),
    };
    this.#apply = applier(this.#writer);
    this.#applyRow = rowApplier(this.#writer);
  }

  /** Throws what SQLite throws; then nothing of the group is stored. */
  write(changes: readonly Change[], durability: "normal" | "full"): readonly Outcome[] {
    if (this.#synchronous !== durability) {
      this.#db.exec(`PRAGMA synchronous = ${durability}`);
      this.#synchronous = durability;
    }
    try {
      return this.#transaction(() => this.#inRows(changes));
    } catch (error) {
      if (!(error instanceof BrokenRow)) throw error;
      return this.#transaction(() => changes.map(this.#apply));
    }
  }

  #transaction(work: () => readonly Outcome[]): readonly Outcome[] {
    this.#begin.all();
    const { last, events, xcoms, reads, performance, backfills } = this.#writer;
    const before = { ...last };
    try {
      const outcomes = work();
      events.flush();
      backfills.flush();
      flushRecords(this.#writer);
      this.#commit.all();
      events.committed();
      return outcomes;
    } catch (error) {
      Object.assign(last, before);
      events.rolledBack();
      backfills.rolledBack();
      for (const batch of [xcoms, reads, performance]) batch.clear();
      this.#writer.dagNoOfVersion.clear();
      this.#rollback();
      throw error;
    }
  }

  #inRows(changes: readonly Change[]): readonly Outcome[] {
    const outcomes: Outcome[] = [];
    for (let place = 0, end = 0; place < changes.length; place = end) {
      end = endOfRow(changes, place);
      if (end === place + 1) outcomes.push(this.#apply(changes[place]));
      else for (const outcome of this.#applyRow(changes.slice(place, end))) outcomes.push(outcome);
    }
    return outcomes;
  }

  /** After some failures SQLite has rolled back already. */
  #rollback(): void {
    if (this.#db.isTransaction) this.#sql.get("ROLLBACK").all();
  }
}

function rowApplier(writer: Writer): (row: readonly Change[]) => readonly Outcome[] {
  const startRow = rowStarter(writer);
  const finishRow = rowFinisher(writer);
  return (row) => (row[0].kind === "startTask" ? startRow(row as StartTask[]) : finishRow(row as FinishTask[]));
}

function applier(writer: Writer): (change: Change) => Outcome {
  const registerDag = dagRegistrar(writer);
  const setDagPaused = dagPauser(writer);
  const advanceSchedule = scheduleAdvancer(writer);
  const createRun = runCreator(writer);
  const updateRun = runUpdater(writer);
  const startTask = taskStarter(writer);
  const finishTask = taskFinisher(writer);
  const returnTask = taskReturner(writer);
  const setTask = taskSetter(writer);
  const clearTask = taskClearer(writer);
  const expandTask = taskExpander(writer);
  const collapseTask = taskCollapser(writer);
  const deleteXComs = xcomDeleter(writer);
  const replaceXCom = xcomReplacer(writer);
  const appendLogs = logAppender(writer);
  const putState = statePutter(writer);
  const putSetting = settingPutter(writer);
  const putPool = poolPutter(writer);
  const putChunk = chunkPutter(writer);
  const deleteChunks = chunkDeleter(writer);
  const fileRequest = requestFiler(writer);
  const answerRequest = requestAnswerer(writer);
  const deleteRequests = requestDeleter(writer);
  const createBackfill = backfillCreator(writer);
  const addBackfillItems = itemAdder(writer);
  const updateBackfill = backfillUpdater(writer);
  const setBackfillLimit = limitSetter(writer);
  const reprocessRun = runReprocessor(writer);
  const skipBackfillItem = itemSkipper(writer);
  const deleteBackfills = backfillDeleter(writer);
  const deleteRuns = runDeleter(writer);
  const deleteXComsOfRuns = runXComDeleter(writer);
  const deleteEvents = eventDeleter(writer);
  const deleteLogs = logDeleter(writer);
  return (change) => {
    switch (change.kind) {
      case "startTask":
        return startTask(change);
      case "finishTask":
        return finishTask(change);
      case "setTask":
        return setTask(change);
      case "returnTask":
        return returnTask(change);
      case "clearTask":
        return clearTask(change);
      case "createRun":
        return createRun(change);
      case "updateRun":
        return updateRun(change);
      case "advanceSchedule":
        return advanceSchedule(change);
      case "expandTask":
        return expandTask(change);
      case "collapseTask":
        return collapseTask(change);
      case "deleteXComs":
        return deleteXComs(change);
      case "replaceXCom":
        return replaceXCom(change);
      case "appendLogs":
        return appendLogs(change);
      case "registerDag":
        return registerDag(change);
      case "setDagPaused":
        return setDagPaused(change);
      case "putState":
        return putState(change);
      case "putSetting":
        return putSetting(change);
      case "putPool":
        return putPool(change);
      case "putChunk":
        return putChunk(change);
      case "deleteChunks":
        return deleteChunks(change);
      case "fileRequest":
        return fileRequest(change);
      case "answerRequest":
        return answerRequest(change);
      case "deleteRequests":
        return deleteRequests(change);
      case "createBackfill":
        return createBackfill(change);
      case "addBackfillItems":
        return addBackfillItems(change);
      case "updateBackfill":
        return updateBackfill(change);
      case "setBackfillLimit":
        return setBackfillLimit(change);
      case "reprocessRun":
        return reprocessRun(change);
      case "skipBackfillItem":
        return skipBackfillItem(change);
      case "deleteBackfills":
        return deleteBackfills(change);
      case "deleteXComsOfRuns":
        return deleteXComsOfRuns(change);
      case "deleteRuns":
        return deleteRuns(change);
      case "deleteEvents":
        return deleteEvents(change);
      case "deleteLogs":
        return deleteLogs(change);
      case "appendEvent":
        return done(writer.events.write(change, change.event.at, change.event.dagId));
      default:
        throw coreError("STORE_FAILED", {
          why: `there is no change of kind '${String((change as { kind: unknown }).kind)}'`,
        });
    }
  };
}
