import type { ClearTask, CollapseTask, Outcome } from "@millrace/core/plugin";
import { byStates } from "../statements.ts";
import { keepLastNumbers } from "./last-numbers.ts";
import { taskRefusal } from "./task-refusal.ts";
import { done, flushRecords, refused, type Writer } from "./writer.ts";

const asIfNew = `state = 'scheduled', token = 0, crashes = 0, uncounted = attempt, reason = ?,
  started_at = NULL, ended_at = NULL, wake_at = NULL, awaits = NULL, error = NULL`;

export function taskClearer(writer: Writer): (change: ClearTask) => Outcome {
  const { sql, events } = writer;
  const why = taskRefusal(writer);
  const clears = byStates((from) =>
    sql.get(`UPDATE task_instances SET ${asIfNew} WHERE task_instance_no = ? AND state IN (${from})`),
  );
  const forget = recordRemover(writer);
  return (change) => {
    const { taskInstanceNo, reason, at } = change;
    const { changes } = clears(change.from).run(reason, taskInstanceNo);
    if (changes === 0) return why(taskInstanceNo);
    forget(taskInstanceNo);
    return done(events.write(change, at));
  };
}

export function taskCollapser(writer: Writer): (change: CollapseTask) => Outcome {
  const { sql, events } = writer;
  const find = sql.get(
    "SELECT run_no AS runNo, task_no AS taskNo, map_index AS mapIndex FROM task_instances WHERE task_instance_no = ?",
  );
  const elements = "FROM task_instances WHERE run_no = ? AND task_no = ? AND map_index >= 1";
  const removals = ["xcoms", "xcom_reads", "attempt_performance", "logs"].map((table) =>
    sql.get(`DELETE FROM ${table} WHERE task_instance_no IN (SELECT task_instance_no ${elements})`),
  );
  const remove = sql.get(`DELETE ${elements}`);
  const place = sql.get(`UPDATE task_instances SET map_index = -1, ${asIfNew} WHERE task_instance_no = ?`);
  const forget = recordRemover(writer);
  const keepNumbers = keepLastNumbers(writer);
  return (change) => {
    const { runNo, taskNo, placeholderNo, reason, at } = change;
    const row = find.get(placeholderNo);
    if (row === undefined || row.runNo !== runNo || row.taskNo !== taskNo)
      return refused("there is no such task instance");
    if (row.mapIndex !== 0) return refused("it is not index 0 of an expanded task");
    flushRecords(writer);
    for (const removal of removals) removal.all(runNo, taskNo);
    if (Number(remove.run(runNo, taskNo).changes) > 0) keepNumbers();
    place.all(reason, placeholderNo);
    forget(placeholderNo);
    return done(events.write(change, at));
  };
}

/** Removes what an instance has brought and read. */
function recordRemover(writer: Writer): (taskInstanceNo: number) => void {
  const removals = ["xcoms", "xcom_reads"].map((table) =>
    writer.sql.get(`DELETE FROM ${table} WHERE task_instance_no = ?`),
  );
  return (taskInstanceNo) => {
    flushRecords(writer);
    for (const removal of removals) removal.all(taskInstanceNo);
  };
}
