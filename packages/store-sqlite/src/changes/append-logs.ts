import type { AppendLogs, Outcome } from "@millrace/core/plugin";
import { refused, silent, type Writer } from "./writer.ts";

export function logAppender({ sql, last }: Writer): (change: AppendLogs) => Outcome {
  const find = sql.get("SELECT 1 FROM task_instances WHERE task_instance_no = ?");
  const insert = sql.get(
    "INSERT INTO logs (log_no, task_instance_no, attempt, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return ({ taskInstanceNo, attempt, lines }) => {
    if (find.get(taskInstanceNo) === undefined) return refused("there is no such task instance");
    for (const { at, level, message, fields } of lines)
      insert.all(++last.logNo, taskInstanceNo, attempt, at, level, message, fields);
    return silent;
  };
}
