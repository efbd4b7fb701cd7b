import type { LogFacet, LogRow } from "@millrace/core/plugin";
import { lastBefore } from "./last-before.ts";
import { anyText, capped, type Read, rowsOf, textOf } from "./reading.ts";

export function logFacet(read: Read): LogFacet {
  const select = `SELECT log_no AS logNo, task_instance_no AS taskInstanceNo, attempt, at, level, ${anyText("message", "message")}, fields
    FROM logs WHERE task_instance_no = ?1 AND log_no > ?2`;
  return {
    list: ({ taskInstanceNo, attempt, after = 0, limit = 1000 }) =>
      read((sql) => {
        const rows =
          attempt === undefined
            ? sql.get(`${select} ORDER BY log_no LIMIT ?3`).all(taskInstanceNo, after, capped(limit))
            : sql
                .get(`${select} AND attempt = ?4 ORDER BY log_no LIMIT ?3`)
                .all(taskInstanceNo, after, capped(limit), attempt);
        return rowsOf<LogRow>(rows).map((row) => ({ ...row, message: textOf(row.message) }));
      }),
    lastBefore: (at) => read((sql) => lastBefore(sql, "logs", "log_no", at)),
  };
}
