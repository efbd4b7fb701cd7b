import type { Statements } from "../statements.ts";
import type { Writer } from "./writer.ts";

/** The last numbers that were given out: those of the newest rows, or larger ones whose rows have been removed. */
export function readLastNumbers(sql: Statements): Writer["last"] {
  const last = (table: string, column: string) =>
    Number(
      sql
        .get(
          `SELECT max(coalesce((SELECT max(${column}) FROM ${table}), 0),
             coalesce((SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'store.last.${table}'), 0)) AS last`,
        )
        .get()?.last,
    );
  return {
    runNo: last("runs", "run_no"),
    taskInstanceNo: last("task_instances", "task_instance_no"),
    logNo: last("logs", "log_no"),
  };
}

/** To be called when rows have been removed that may be the newest ones, so that the next engine counts on behind them. */
export function keepLastNumbers({ sql, last }: Writer): (at: number) => void {
  const keep = sql.get(
    `INSERT INTO settings (key, value, updated_at) VALUES ('store.last.task_instances', ?1, ?3), ('store.last.logs', ?2, ?3)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
  );
  return (at) => void keep.all(String(last.taskInstanceNo), String(last.logNo), at);
}
