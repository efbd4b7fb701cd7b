import { type CreateRun, coreError, type Outcome } from "@millrace/core/plugin";
import { itemTaker, takingGuard } from "./backfill-runs.ts";
import { refused, type Writer } from "./writer.ts";

export function runCreator(writer: Writer): (change: CreateRun) => Outcome {
  const { sql, events, last, dagNoOfVersion } = writer;
  const findVersion = sql.get("SELECT dag_no AS dagNo FROM dag_versions WHERE version_no = ?");
  // Whatever is taken, the row is left out; which of the three it was is looked up only then.
  const insert = sql.get(
    `INSERT INTO runs (run_no, run_id, dag_no, version_no, type, state, logical_date, interval_start, interval_end,
                       created_at, idempotency_key, backfill_no, params, conf)
     VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const insertTasks = sql.get(
    `INSERT INTO task_instances (task_instance_no, run_no, task_no)
     SELECT ? + task_no, ?, task_no FROM tasks WHERE version_no = ? ORDER BY task_no`,
  );
  const taken = sql.get(
    `SELECT run_no AS runNo, run_id AS runId, 'run_id' AS "by" FROM runs WHERE dag_no = ?1 AND run_id = ?2
     UNION ALL
     SELECT run_no, run_id, 'idempotency_key' FROM runs WHERE dag_no = ?1 AND idempotency_key = ?3 AND idempotency_key IS NOT NULL
     UNION ALL
     SELECT run_no, run_id, 'logical_date' FROM runs WHERE dag_no = ?1 AND logical_date = ?4 AND type IN ('scheduled', 'backfill')`,
  );
  const whyNotTaken = takingGuard(writer);
  const takeItem = itemTaker(writer);
  const existing = ({ dagNo, runId, idempotencyKey, logicalDate, type }: CreateRun): Outcome | undefined => {
    const ownDate = type === "scheduled" || type === "backfill" ? logicalDate : null;
    const row = taken.get(dagNo, runId, idempotencyKey, ownDate);
    if (row === undefined) return undefined;
    const by = row.by as "run_id" | "logical_date" | "idempotency_key";
    return { status: "exists", runNo: Number(row.runNo), runId: String(row.runId), by };
  };
  return (change) => {
    const { dagNo, versionNo, runId, type, logicalDate, intervalStart, intervalEnd, idempotencyKey, at } = change;
    const { backfill } = change;
    let owner = dagNoOfVersion.get(versionNo);
    if (owner === undefined) {
      owner = findVersion.get(versionNo)?.dagNo as number | undefined;
      if (owner !== undefined) dagNoOfVersion.set(versionNo, owner);
    }
    if (owner === undefined || owner !== dagNo) return refused("there is no such version of the DAG");
    const refusal = backfill === null ? undefined : whyNotTaken(backfill, dagNo);
    if (refusal !== undefined) return existing(change) ?? refusal;
    const runNo = last.runNo + 1;
    const inserted = insert.run(
      runNo,
      runId,
      dagNo,
      versionNo,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      at,
      idempotencyKey,
      backfill?.backfillNo ?? null,
      change.params,
      change.conf,
    );
    if (inserted.changes === 0) {
      const found = existing(change);
      if (found === undefined) throw coreError("STORE_FAILED", { why: `run number ${runNo} is taken` });
      return found;
    }
    const firstTaskInstanceNo = last.taskInstanceNo + 1;
    const { changes } = insertTasks.run(firstTaskInstanceNo, runNo, versionNo);
    last.runNo = runNo;
    last.taskInstanceNo += Number(changes);
    const eventSeq = events.write(change, at, null, runNo);
    events.spans.begin(runNo, eventSeq);
    if (backfill !== null) takeItem(backfill, runNo, "queued");
    return { status: "created", runNo, firstTaskInstanceNo, eventSeq };
  };
}
