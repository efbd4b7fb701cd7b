import type { ExpandTask, Outcome } from "@millrace/core/plugin";
import { refused, type Writer } from "./writer.ts";

export function taskExpander({ sql, events, last }: Writer): (change: ExpandTask) => Outcome {
  const find = sql.get(
    "SELECT run_no AS runNo, task_no AS taskNo, map_index AS mapIndex, state FROM task_instances WHERE task_instance_no = ?",
  );
  const place = sql.get("UPDATE task_instances SET map_index = 0 WHERE task_instance_no = ?");
  const insert = sql.get(
    `INSERT INTO task_instances (task_instance_no, run_no, task_no, map_index)
     WITH RECURSIVE element (map_index) AS (SELECT 1 UNION ALL SELECT map_index + 1 FROM element WHERE map_index + 1 < ?)
     SELECT ? + map_index, ?, ?, map_index FROM element`,
  );
  return (change) => {
    const { runNo, taskNo, placeholderNo, count, at } = change;
    const row = find.get(placeholderNo);
    if (row === undefined || row.runNo !== runNo || row.taskNo !== taskNo)
      return refused("there is no such task instance");
    if (row.mapIndex !== -1) return refused("the task is expanded already");
    if (row.state !== "scheduled") return refused(`the task instance is ${row.state}`);
    if (!(count >= 1)) return refused("the count is less than 1");
    place.all(placeholderNo);
    const firstTaskInstanceNo = count === 1 ? 0 : last.taskInstanceNo + 1;
    if (count > 1) insert.all(count, last.taskInstanceNo, runNo, taskNo);
    last.taskInstanceNo += count - 1;
    return { status: "expanded", firstTaskInstanceNo, eventSeq: events.write(change, at) };
  };
}
