import type { EventFacet, EventRow } from "@millrace/core/plugin";
import { lastNumberOf } from "../changes/last-numbers.ts";
import { lastBefore } from "./last-before.ts";
import { capped, type Read, rowsOf } from "./reading.ts";

const select = `SELECT e.seq, e.at, e.kind, coalesce(e.dag_id, d.dag_id) AS dagId, e.run_no AS runNo,
  e.task_instance_no AS taskInstanceNo, e.attempt, e.data
  FROM events e LEFT JOIN runs r ON r.run_no = e.run_no LEFT JOIN dags d ON d.dag_no = r.dag_no`;

/** Where the events of a run are. One without an end goes on. */
const spans = `SELECT first_seq AS first, last_seq AS last FROM run_spans
  WHERE run_no = ? AND (last_seq IS NULL OR last_seq > ?) ORDER BY first_seq`;

export function eventFacet(read: Read): EventFacet {
  return {
    list: ({ after = 0, runNo, limit = 1000 }) =>
      read((sql) => {
        if (runNo === undefined) {
          const query = `${select} WHERE e.seq > ? ORDER BY e.seq LIMIT ?`;
          return rowsOf<EventRow>(sql.get(query).all(after, capped(limit)));
        }
        const most = capped(limit);
        const found: EventRow[] = [];
        const query = `${select} WHERE e.seq > ? AND e.seq <= ? AND e.run_no = ? ORDER BY e.seq LIMIT ?`;
        for (const { first, last } of sql.get(spans).all(runNo, after)) {
          const from = Math.max(after, Number(first) - 1);
          const to = last === null ? Number.MAX_SAFE_INTEGER : Number(last);
          found.push(...rowsOf<EventRow>(sql.get(query).all(from, to, runNo, most - found.length)));
          if (found.length === most) break;
        }
        return found;
      }),
    last: () => read((sql) => lastNumberOf(sql, "events", "seq")),
    lastBefore: (at) => read((sql) => lastBefore(sql, "events", "seq", at)),
  };
}
