import type { DatabaseSync } from "node:sqlite";
import type { Stretch } from "../source-system/read-shop.ts";

/** What became of a load. `unchanged`: the target held that data already, and nothing was written. */
export type LoadOutcome = "loaded" | "replaced" | "unchanged" | "rolled_back";

export interface LoadRecord {
  readonly dagId: string;
  readonly runId: string;
  readonly interval: Stretch;
  /** What the source had written by then was read. */
  readonly seenAt: number;
  readonly outcome: LoadOutcome;
  readonly rows: number;
  readonly detail: string;
}

/** Notes what was done. Not part of the load's transaction: a load that was rolled back is told too. */
export function noteLoad(target: DatabaseSync, record: LoadRecord): void {
  target
    .prepare("INSERT INTO load_log VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(
      record.dagId,
      record.runId,
      record.interval.start,
      record.interval.end,
      record.seenAt,
      record.outcome,
      record.rows,
      record.detail,
    );
}

export function readLoadLog(target: DatabaseSync): LoadRecord[] {
  return target
    .prepare("SELECT * FROM load_log ORDER BY log_no")
    .all()
    .map((row) => ({
      dagId: String(row.dag_id),
      runId: String(row.run_id),
      interval: { start: Number(row.interval_start), end: Number(row.interval_end) },
      seenAt: Number(row.seen_at),
      outcome: row.outcome as LoadOutcome,
      rows: Number(row.rows),
      detail: String(row.detail),
    }));
}
