import type { Outcome, RegisterDag } from "@millrace/core/plugin";
import type { Writer } from "./writer.ts";

export function dagRegistrar({ sql, events }: Writer): (change: RegisterDag) => Outcome {
  const find = sql.get(
    "SELECT dag_no AS dagNo, version_no AS versionNo, paused, start_date AS startDate FROM dags WHERE dag_id = ?",
  );
  const findVersion = sql.get("SELECT version_no AS versionNo FROM dag_versions WHERE dag_no = ? AND fingerprint = ?");
  const insert = sql.get(
    `INSERT INTO dags (dag_no, dag_id, version_no, paused, start_date, registered_at, last_seen_at)
     VALUES ((SELECT coalesce(max(dag_no), 0) + 1 FROM dags), ?, 0, ?, ?, ?, ?)`,
  );
  const insertVersion = sql.get(
    "INSERT INTO dag_versions (dag_no, fingerprint, snapshot, bundle, created_at) VALUES (?, ?, ?, ?, ?)",
  );
  const insertTasks = sql.get(
    "INSERT INTO tasks (version_no, task_no, task_id) SELECT ?, key, value FROM json_each(?)",
  );
  const update = sql.get("UPDATE dags SET version_no = ?, start_date = ?, last_seen_at = ? WHERE dag_no = ?");
  return (change) => {
    const { dagId, fingerprint, at } = change;
    const old = find.get(dagId);
    const paused = old === undefined ? change.paused : old.paused === 1;
    const stays = change.startDateIsRelative && change.startDate !== null;
    const startDate = (stays ? (old?.startDate as number | null | undefined) : null) ?? change.startDate;
    const dagNo = Number(old?.dagNo ?? insert.run(dagId, paused ? 1 : 0, startDate, at, at).lastInsertRowid);
    const known = findVersion.get(dagNo, fingerprint)?.versionNo;
    const versionNo = Number(
      known ?? insertVersion.run(dagNo, fingerprint, change.snapshot, change.bundle, at).lastInsertRowid,
    );
    if (known === undefined) insertTasks.all(versionNo, JSON.stringify(change.taskIds));
    update.all(versionNo, startDate, at, dagNo);
    const eventSeq = old?.versionNo === versionNo ? 0 : events.write(change, at, dagId);
    return { status: "registered", dagNo, versionNo, isNewVersion: known === undefined, startDate, paused, eventSeq };
  };
}
