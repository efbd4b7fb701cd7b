import type { FinishTask, Outcome } from "@millrace/core/plugin";
import { taskRefusal } from "./task-refusal.ts";
import { done, type Writer } from "./writer.ts";

export function taskFinisher(writer: Writer): (change: FinishTask) => Outcome {
  const { sql, events, firstAttempts } = writer;
  const why = taskRefusal(writer);
  const whose = "WHERE task_instance_no = ? AND token = ? AND state = 'running'";
  // A running instance has no error, no wait and no reason: its start cleared them.
  const end = sql.get(`UPDATE task_instances SET state = ?, ended_at = ? ${whose}`);
  const endWith = sql.get(
    `UPDATE task_instances SET state = ?, ended_at = ?, error = ?, wake_at = ?, awaits = ? ${whose}`,
  );
  const deleteOne = sql.get("DELETE FROM xcoms WHERE task_instance_no = ? AND key = ?");
  const deleteAll = sql.get("DELETE FROM xcoms WHERE task_instance_no = ?");
  const put = sql.get(
    "INSERT OR REPLACE INTO xcoms (task_instance_no, key, format, size_bytes, created_at, stored) VALUES (?, ?, ?, ?, ?, ?)",
  );
  return (change) => {
    const { taskInstanceNo, token, state, error, wakeAt, awaits, xcoms, deletes, at } = change;
    const { changes } =
      error === null && wakeAt === null && awaits === null
        ? end.run(state, at, taskInstanceNo, token)
        : endWith.run(state, at, error, wakeAt, awaits, taskInstanceNo, token);
    if (changes === 0) return why(taskInstanceNo, token);
    for (const ref of deletes) deleteOne.all(ref.taskInstanceNo, ref.key);
    if (!firstAttempts.delete(taskInstanceNo) && change.replacesXComs) deleteAll.all(taskInstanceNo);
    for (const { key, format, sizeBytes, stored } of xcoms) put.all(taskInstanceNo, key, format, sizeBytes, at, stored);
    return done(events.write(change, at));
  };
}
