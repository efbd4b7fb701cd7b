import type { BackfillFacet, BackfillItemRow, BackfillRow } from "@millrace/core/plugin";
import { anyText, capped, type Read, textOf } from "./reading.ts";

const selectFrom = (
  backfills: string,
) => `SELECT b.backfill_no AS backfillNo, ${anyText("b.backfill_id", "backfillId")},
  b.dag_no AS dagNo, d.dag_id AS dagId, b.state, b.spec, b.max_active AS maxActive, ${anyText("b.note", "note")},
  b.created_at AS createdAt, b.started_at AS startedAt, b.ended_at AS endedAt,
  b.total, b.skipped, b.started, b.active, b.success, b.failed, b.cancelled, b.next_item AS nextItem
  FROM ${backfills} CROSS JOIN dags d ON d.dag_no = b.dag_no`;

const select = selectFrom("backfills b");
const selectOfDag = selectFrom("backfills b INDEXED BY backfills_of_dag");

const selectItems = `SELECT i.backfill_no AS backfillNo, i.item_no AS itemNo, i.logical_date AS logicalDate,
  i.interval_start AS intervalStart, i.interval_end AS intervalEnd, i.action, ${anyText("i.reason", "reason")},
  i.params, i.conf, i.run_no AS runNo, r.run_id AS runId, r.state AS runState
  FROM backfill_items i LEFT JOIN runs r ON r.run_no = i.run_no WHERE i.backfill_no = ? AND i.item_no > ?`;

export function backfillFacet(read: Read): BackfillFacet {
  return {
    get: (backfillNo) => read((sql) => maybeBackfill(sql.get(`${select} WHERE b.backfill_no = ?`).get(backfillNo))),
    find: (backfillId) => read((sql) => maybeBackfill(sql.get(`${select} WHERE b.backfill_id = ?`).get(backfillId))),
    list: ({ dagId, states, limit = 100, before }) =>
      read((sql) => {
        const conditions: string[] = [];
        const values: (string | number)[] = [];
        if (dagId !== undefined) {
          conditions.push("b.dag_no = ?");
          values.push(Number(sql.get("SELECT dag_no AS dagNo FROM dags WHERE dag_id = ?").get(dagId)?.dagNo ?? 0));
        }
        if (states !== undefined) {
          conditions.push(`b.state IN (${marksOf(states)})`);
          values.push(...states);
        }
        if (before !== undefined) {
          conditions.push("b.backfill_no < ?");
          values.push(before);
        }
        const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
        return sql
          .get(`${dagId === undefined ? select : selectOfDag} ${where} ORDER BY b.backfill_no DESC LIMIT ?`)
          .all(...values, capped(limit))
          .map(backfillOf);
      }),
    items: ({ backfillNo, after = -1, limit = 1000, states }) =>
      read((sql) => {
        const ofRun = states?.filter((state) => state !== "pending" && state !== "skipped") ?? [];
        const kinds = [
          ...(states?.includes("skipped") ? ["i.action = 'skip'"] : []),
          ...(states?.includes("pending") ? ["(i.run_no IS NULL AND i.action <> 'skip')"] : []),
          ...(ofRun.length > 0 ? [`r.state IN (${marksOf(ofRun)})`] : []),
        ];
        if (states !== undefined && kinds.length === 0) return [];
        const which = states === undefined ? "" : `AND (${kinds.join(" OR ")})`;
        return sql
          .get(`${selectItems} ${which} ORDER BY i.item_no LIMIT ?`)
          .all(backfillNo, after, ...ofRun, capped(limit))
          .map(itemOf);
      }),
  };
}

function marksOf(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

function maybeBackfill(row: unknown): BackfillRow | undefined {
  return row === undefined ? undefined : backfillOf(row);
}

function backfillOf(row: unknown): BackfillRow {
  const backfill = row as BackfillRow;
  const { backfillId, note } = backfill;
  return { ...backfill, backfillId: textOf(backfillId), note: note === null ? null : textOf(note) };
}

function itemOf(row: unknown): BackfillItemRow {
  const item = row as BackfillItemRow;
  return { ...item, reason: item.reason === null ? null : textOf(item.reason) };
}
