import type { Outcome, ReturnTask } from "@millrace/core/plugin";
import { taskRefusal } from "./task-refusal.ts";
import { done, type Writer } from "./writer.ts";

export function taskReturner(writer: Writer): (change: ReturnTask) => Outcome {
  const { sql, events } = writer;
  const why = taskRefusal(writer);
  const giveUp = sql.get(
    `UPDATE task_instances SET state = 'scheduled', reason = ?, crashes = crashes + ?, uncounted = uncounted + 1,
       started_at = NULL, ended_at = NULL, wake_at = NULL, awaits = NULL, error = NULL
     WHERE task_instance_no = ? AND token = ? AND state = 'running'`,
  );
  return (change) => {
    const { taskInstanceNo, token, reason, at } = change;
    const { changes } = giveUp.run(reason, change.why === "lost" ? 1 : 0, taskInstanceNo, token);
    return changes === 0 ? why(taskInstanceNo, token) : done(events.write(change, at));
  };
}
