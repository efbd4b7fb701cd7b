import type { RunFacet, RunRow } from "@millrace/core/plugin";
import { expiredRuns } from "./expired-runs.ts";
import { anyText, capped, type Read, textOf } from "./reading.ts";

const selectFrom = (
  runs: string,
) => `SELECT r.run_no AS runNo, r.run_id AS runId, r.dag_no AS dagNo, d.dag_id AS dagId, r.version_no AS versionNo,
  r.type, r.state, r.logical_date AS logicalDate, r.interval_start AS intervalStart, r.interval_end AS intervalEnd,
  r.params, r.conf, r.idempotency_key AS idempotencyKey, r.backfill_no AS backfillNo, ${anyText("r.note", "note")},
  r.created_at AS createdAt, r.started_at AS startedAt, r.ended_at AS endedAt
  FROM ${runs} CROSS JOIN dags d ON d.dag_no = r.dag_no`;

const select = selectFrom("runs r");
/** The runs of a DAG in the order of their numbers; the planner would rather sort. */
const selectOfDag = selectFrom("runs r INDEXED BY runs_of_dag");
/** Those that own their logical date, by that date. */
const selectOwners = selectFrom("runs r INDEXED BY runs_own_date");

export function runFacet(read: Read): RunFacet {
  return {
    get: (runNo) => read((sql) => maybeRun(sql.get(`${select} WHERE r.run_no = ?`).get(runNo))),
    find: (dagId, runId) =>
      read((sql) => {
        const dagNo = sql.get("SELECT dag_no AS dagNo FROM dags WHERE dag_id = ?").get(dagId)?.dagNo ?? 0;
        return maybeRun(sql.get(`${select} WHERE r.dag_no = ? AND r.run_id = ?`).get(dagNo, runId));
      }),
    list: ({ dagId, states, type, limit = 100, before }) =>
      read((sql) => {
        const conditions: string[] = [];
        const values: (string | number)[] = [];
        if (dagId !== undefined) {
          conditions.push("r.dag_no = ?");
          values.push(Number(sql.get("SELECT dag_no AS dagNo FROM dags WHERE dag_id = ?").get(dagId)?.dagNo ?? 0));
        }
        if (states !== undefined) {
          conditions.push(`r.state IN (${states.map(() => "?").join(", ")})`);
          values.push(...states);
        }
        if (type !== undefined) {
          conditions.push("r.type = ?");
          values.push(type);
        }
        if (before !== undefined) {
          conditions.push("r.run_no < ?");
          values.push(before);
        }
        const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
        return sql
          .get(`${dagId === undefined ? select : selectOfDag} ${where} ORDER BY r.run_no DESC LIMIT ?`)
          .all(...values, capped(limit))
          .map(runOf);
      }),
    active: () =>
      read((sql) => sql.get(`${select} WHERE r.state IN ('queued', 'running') ORDER BY r.run_no`).all().map(runOf)),
    previous: ({ dagNo, logicalDate, runNo, scheduledOnly, state }) =>
      read((sql) => {
        const which = scheduledOnly ? "AND r.type IN ('scheduled', 'backfill')" : "";
        const query = `${select} WHERE r.dag_no = ? AND (r.logical_date, r.run_no) < (?, ?) ${which} ${state === undefined ? "" : "AND r.state = ?"}
          ORDER BY r.logical_date DESC, r.run_no DESC LIMIT 1`;
        return maybeRun(sql.get(query).get(dagNo, logicalDate, runNo, ...(state === undefined ? [] : [state])));
      }),
    ofDates: ({ dagNo, from, to, limit = 1000 }) =>
      read((sql) => {
        const query = `${selectOwners} WHERE r.dag_no = ? AND r.type IN ('scheduled', 'backfill')
          AND r.logical_date BETWEEN ? AND ? ORDER BY r.logical_date LIMIT ?`;
        return sql.get(query).all(dagNo, from, to, capped(limit)).map(runOf);
      }),
    expired: (query) => read((sql) => expiredRuns(sql, query)),
  };
}

function maybeRun(row: unknown): RunRow | undefined {
  return row === undefined ? undefined : runOf(row);
}

function runOf(row: unknown): RunRow {
  const run = row as RunRow;
  return { ...run, note: run.note === null ? null : textOf(run.note) };
}
