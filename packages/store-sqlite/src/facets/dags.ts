import type { DagFacet, DagRow, DagVersionRow } from "@millrace/core/plugin";
import { type Read, rowOf } from "./reading.ts";

const select = `SELECT dag_no AS dagNo, dag_id AS dagId, version_no AS versionNo, paused, start_date AS startDate,
  scheduled_start AS scheduledStart, scheduled_end AS scheduledEnd,
  registered_at AS registeredAt, last_seen_at AS lastSeenAt FROM dags`;

export function dagFacet(read: Read): DagFacet {
  return {
    list: () => read((sql) => sql.get(`${select} ORDER BY dag_id`).all().map(dagOf)),
    get: (dagId) =>
      read((sql) => {
        const row = sql.get(`${select} WHERE dag_id = ?`).get(dagId);
        return row === undefined ? undefined : dagOf(row);
      }),
    version: (versionNo) =>
      read((sql) =>
        rowOf<DagVersionRow>(
          sql
            .get(
              `SELECT v.version_no AS versionNo, v.dag_no AS dagNo, d.dag_id AS dagId, v.fingerprint, v.snapshot, v.bundle, v.created_at AS createdAt
               FROM dag_versions v JOIN dags d ON d.dag_no = v.dag_no WHERE v.version_no = ?`,
            )
            .get(versionNo),
        ),
      ),
  };
}

function dagOf(row: unknown): DagRow {
  const dag = { ...(row as Omit<DagRow, "paused"> & { paused: number }) };
  return { ...dag, paused: dag.paused === 1 };
}
