import type { XComFacet, XComReadRow, XComRow } from "@millrace/core/plugin";
import { capped, type Read, rowOf, rowsOf } from "./reading.ts";

const columns = `x.task_instance_no AS taskInstanceNo, i.run_no AS runNo, t.task_id AS taskId, i.map_index AS mapIndex,
  x.key, x.format, x.stored, x.size_bytes AS sizeBytes, x.created_at AS createdAt`;

/** From XComs to the names of their tasks. */
const named = `SELECT ${columns} FROM xcoms x
  CROSS JOIN task_instances i ON i.task_instance_no = x.task_instance_no
  CROSS JOIN runs r ON r.run_no = i.run_no
  CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no`;

const ofInstance = `${named} WHERE x.task_instance_no = ?`;

/** Envelopes have an index of their own, which is used only for a condition in its own words. */
const onlyEnvelopes = "AND x.format = 'envelope'";

export function xcomFacet(read: Read): XComFacet {
  return {
    get: ({ taskInstanceNo, key }) =>
      read((sql) => rowOf<XComRow>(sql.get(`${ofInstance} AND x.key = ?`).get(taskInstanceNo, key))),
    getMany: (taskInstanceNos, key) =>
      read((sql) => {
        const one = sql.get(`${ofInstance} AND x.key = ?`);
        return taskInstanceNos.map((taskInstanceNo) => rowOf<XComRow>(one.get(taskInstanceNo, key)));
      }),
    ofTask: (taskInstanceNo) =>
      read((sql) => rowsOf<XComRow>(sql.get(`${ofInstance} ORDER BY x.key`).all(taskInstanceNo))),
    page: ({ after = { taskInstanceNo: 0, key: "" }, limit, format }) =>
      read((sql) =>
        rowsOf<XComRow>(
          sql
            .get(
              `${named} WHERE (x.task_instance_no, x.key) > (?, ?) ${format === undefined ? "" : onlyEnvelopes}
               ORDER BY x.task_instance_no, x.key LIMIT ?`,
            )
            .all(after.taskInstanceNo, after.key, capped(limit)),
        ),
      ),
    ofRun: (runNo) =>
      read((sql) =>
        rowsOf<XComRow>(
          sql
            .get(
              `SELECT ${columns} FROM runs r
               CROSS JOIN task_instances i ON i.run_no = r.run_no
               CROSS JOIN xcoms x ON x.task_instance_no = i.task_instance_no
               CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
               WHERE r.run_no = ? ORDER BY i.task_no, i.map_index, x.key`,
            )
            .all(runNo),
        ),
      ),
    readsOfRun: (runNo) =>
      read((sql) =>
        rowsOf<XComReadRow>(
          sql
            .get(
              `SELECT i.task_instance_no AS taskInstanceNo, t.task_id AS taskId, i.map_index AS mapIndex,
                 s.task_instance_no AS sourceNo, s.run_no AS sourceRunNo, sr.run_id AS sourceRunId,
                 st.task_id AS sourceTaskId, s.map_index AS sourceMapIndex, x.key, x.size_bytes AS sizeBytes
               FROM runs r
               CROSS JOIN task_instances i ON i.run_no = r.run_no
               CROSS JOIN xcom_reads x ON x.task_instance_no = i.task_instance_no
               CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
               CROSS JOIN task_instances s ON s.task_instance_no = x.source_no
               CROSS JOIN runs sr ON sr.run_no = s.run_no
               CROSS JOIN tasks st ON st.version_no = sr.version_no AND st.task_no = s.task_no
               WHERE r.run_no = ? ORDER BY i.task_no, i.map_index, x.source_no, x.key`,
            )
            .all(runNo),
        ),
      ),
    prior: ({ dagNo, taskId, mapIndex, key, logicalDate, runNo }) =>
      read((sql) =>
        rowOf<XComRow>(
          sql
            .get(
              `SELECT ${columns} FROM runs r
               CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_id = ?1
               CROSS JOIN task_instances i ON i.run_no = r.run_no AND i.task_no = t.task_no AND i.map_index = ?2
               CROSS JOIN xcoms x ON x.task_instance_no = i.task_instance_no AND x.key = ?3
               WHERE r.dag_no = ?4 AND (r.logical_date, r.run_no) <= (?5, ?6)
               ORDER BY r.logical_date DESC, r.run_no DESC LIMIT 1`,
            )
            .get(taskId, mapIndex, key, dagNo, logicalDate, runNo),
        ),
      ),
  };
}
