import { isRunFinished } from "../lifecycle/states.ts";
import type { AdvanceSchedule, CreateRun, Outcome, RegisterDag, RunRow, SetDagPaused, UpdateRun } from "./contract.ts";
import { moveCounters, notNext, takeItem } from "./memory-backfill-changes.ts";
import { done, silent, writeEvent } from "./memory-event.ts";
import { lowerBound, neverTried, type Transaction } from "./memory-tables.ts";

export function registerDag(tx: Transaction, change: RegisterDag): Outcome {
  const { tables } = tx;
  const known = tables.dagNoById.get(change.dagId);
  const dagNo = known ?? tables.dags.length;
  const prints = tx.mapOf(tables.versionNoByPrint, dagNo);
  const knownVersion = prints.get(change.fingerprint);
  const versionNo = knownVersion ?? tables.versions.length;
  if (knownVersion === undefined) {
    const { dagId, fingerprint, snapshot, bundle } = change;
    tx.append(tables.versions, {
      row: { versionNo, dagNo, dagId, fingerprint, snapshot, bundle, createdAt: change.at },
      taskIds: [...change.taskIds],
    });
    tx.set(prints, change.fingerprint, versionNo);
  }
  const old = known === undefined ? undefined : tables.dags[known];
  const stays = change.startDateIsRelative && change.startDate !== null;
  const startDate = stays ? (old?.startDate ?? change.startDate) : change.startDate;
  const paused = old?.paused ?? change.paused;
  const row = {
    dagNo,
    dagId: change.dagId,
    versionNo,
    paused,
    startDate,
    scheduledStart: old?.scheduledStart ?? null,
    scheduledEnd: old?.scheduledEnd ?? null,
    registeredAt: old?.registeredAt ?? change.at,
    lastSeenAt: change.at,
  };
  if (old === undefined) {
    tx.append(tables.dags, row);
    tx.set(tables.dagNoById, change.dagId, dagNo);
  } else {
    tx.replace(tables.dags, dagNo, row);
  }
  const eventSeq = old?.versionNo === versionNo ? 0 : writeEvent(tx, change, change.at, change.dagId);
  return {
    status: "registered",
    dagNo,
    versionNo,
    isNewVersion: knownVersion === undefined,
    startDate,
    paused,
    eventSeq,
  };
}

export function setDagPaused(tx: Transaction, change: SetDagPaused): Outcome {
  const dagNo = tx.tables.dagNoById.get(change.dagId);
  const dag = dagNo === undefined ? undefined : tx.tables.dags[dagNo];
  if (dag === undefined) return { status: "refused", reason: "there is no such DAG" };
  if (dag.paused === change.paused) return done(0);
  tx.replace(tx.tables.dags, dag.dagNo, { ...dag, paused: change.paused });
  return done(writeEvent(tx, change, change.at, dag.dagId));
}

export function advanceSchedule(tx: Transaction, change: AdvanceSchedule): Outcome {
  const { dagNo, intervalStart: scheduledStart, intervalEnd: scheduledEnd } = change;
  const dag = tx.tables.dags[dagNo];
  if (dag === undefined) return { status: "refused", reason: "there is no such DAG" };
  tx.replace(tx.tables.dags, dagNo, { ...dag, scheduledStart, scheduledEnd });
  return silent;
}

export function createRun(tx: Transaction, change: CreateRun): Outcome {
  const { tables } = tx;
  const { dagNo, versionNo, runId, type, logicalDate, idempotencyKey } = change;
  const dag = tables.dags[dagNo];
  const version = tables.versions[versionNo];
  if (dag === undefined || version?.row.dagNo !== dagNo)
    return { status: "refused", reason: "there is no such version of the DAG" };

  const ownsItsDate = type === "scheduled" || type === "backfill";
  const idKey = `${dagNo} ${runId}`;
  const dateKey = `${dagNo} ${logicalDate}`;
  const idempotency = idempotencyKey === null ? undefined : `${dagNo} ${idempotencyKey}`;
  const byId = tables.runNoById.get(idKey);
  if (byId !== undefined) return exists(tx, byId, "run_id");
  const byKey = idempotency === undefined ? undefined : tables.runNoByIdempotencyKey.get(idempotency);
  if (byKey !== undefined) return exists(tx, byKey, "idempotency_key");
  const byDate = ownsItsDate ? tables.runNoByDate.get(dateKey) : undefined;
  if (byDate !== undefined) return exists(tx, byDate, "logical_date");

  const { backfill } = change;
  const refusal = backfill === null ? undefined : notNext(tx, backfill, dagNo);
  if (refusal !== undefined) return refusal;

  const runNo = tables.runs.length;
  const row: RunRow = {
    runNo,
    runId,
    dagNo,
    dagId: dag.dagId,
    versionNo,
    type,
    state: "queued",
    logicalDate,
    intervalStart: change.intervalStart,
    intervalEnd: change.intervalEnd,
    params: change.params,
    conf: change.conf,
    idempotencyKey,
    backfillNo: backfill?.backfillNo ?? null,
    note: null,
    createdAt: change.at,
    startedAt: null,
    endedAt: null,
  };
  tx.append(tables.runs, row);
  tx.set(tables.runNoById, idKey, runNo);
  if (idempotency !== undefined) tx.set(tables.runNoByIdempotencyKey, idempotency, runNo);
  if (ownsItsDate) tx.set(tables.runNoByDate, dateKey, runNo);
  tx.mark(tables.activeRuns, runNo, true);
  const byLogicalDate = tx.listOf(tables.runsByDate, dagNo);
  tx.insert(
    byLogicalDate,
    lowerBound(byLogicalDate, (no) => (tables.runs[no]?.logicalDate ?? 0) <= logicalDate),
    runNo,
  );

  const firstTaskInstanceNo = tables.tasks.length;
  const ofRun = tx.listOf(tables.tasksOfRun, runNo);
  version.taskIds.forEach((taskId, taskNo) => {
    const taskInstanceNo = firstTaskInstanceNo + taskNo;
    tx.append(tables.tasks, { taskInstanceNo, runNo, taskNo, taskId, mapIndex: -1, ...neverTried });
    tx.append(ofRun, taskInstanceNo);
  });
  if (backfill !== null) takeItem(tx, backfill, runNo, "queued");
  return {
    status: "created",
    runNo,
    firstTaskInstanceNo,
    eventSeq: writeEvent(tx, change, change.at, dag.dagId, runNo),
  };
}

export function updateRun(tx: Transaction, change: UpdateRun): Outcome {
  const { to, at, note } = change;
  const run = tx.tables.runs[change.runNo];
  if (run === undefined) return { status: "refused", reason: "there is no such run" };
  if (!change.from.includes(run.state)) return { status: "refused", reason: `the run is ${run.state}` };
  const startedAt = to === "queued" ? null : to === "running" ? (run.startedAt ?? at) : run.startedAt;
  tx.replace(tx.tables.runs, run.runNo, { ...run, state: to, note, startedAt, endedAt: isRunFinished(to) ? at : null });
  tx.mark(tx.tables.activeRuns, run.runNo, !isRunFinished(to));
  if (run.backfillNo !== null) moveCounters(tx, run.backfillNo, run.state, to);
  return done(writeEvent(tx, change, at, run.dagId));
}

function exists(tx: Transaction, runNo: number, by: "run_id" | "logical_date" | "idempotency_key"): Outcome {
  return { status: "exists", runNo, runId: tx.tables.runs[runNo]?.runId ?? "", by };
}
