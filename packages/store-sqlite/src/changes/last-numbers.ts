import type { Statements } from "../statements.ts";
import type { Writer } from "./writer.ts";

/** The last number that was given out: that of the newest row, or a larger one whose row has been removed. */
export function lastNumberOf(sql: Statements, table: string, column: string): number {
  const query = `SELECT max(coalesce((SELECT max(${column}) FROM ${table}), 0),
    coalesce((SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'store.last.${table}'), 0)) AS last`;
  return Number(sql.get(query).get()?.last);
}

export function readLastNumbers(sql: Statements): Writer["last"] {
  return {
    runNo: lastNumberOf(sql, "runs", "run_no"),
    taskInstanceNo: lastNumberOf(sql, "task_instances", "task_instance_no"),
    logNo: lastNumberOf(sql, "logs", "log_no"),
  };
}

/** To be called when rows have been removed that may be the newest ones, so that the next engine counts on behind them. */
export function keepLastNumbers({ sql, last, events }: Writer): () => void {
  const tables = ["runs", "task_instances", "logs", "events"];
  const keep = sql.get(
    `INSERT INTO settings (key, value, updated_at) VALUES ${tables.map((table) => `('store.last.${table}', ?, 0)`).join(", ")}
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );
  return () => {
    const { runNo, taskInstanceNo, logNo } = last;
    keep.all(...[runNo, taskInstanceNo, logNo, events.last].map(String));
  };
}
