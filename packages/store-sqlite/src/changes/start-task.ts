import type { Outcome, StartTask } from "@millrace/core/plugin";
import { byStates } from "../statements.ts";
import { taskRefusal } from "./task-refusal.ts";
import { done, refused, type Writer } from "./writer.ts";

const begun = `state = 'running', token = ?, attempt = ?, started_at = ?,
  ended_at = NULL, wake_at = NULL, awaits = NULL, error = NULL, reason = NULL`;

export function taskStarter(writer: Writer): (change: StartTask) => Outcome {
  const { sql, events, firstAttempts } = writer;
  const why = taskRefusal(writer);
  const starts = byStates((from) => ({
    // Only an instance that no attempt ever started has token 0.
    first: sql.get(
      `UPDATE task_instances SET ${begun} WHERE task_instance_no = ? AND token = 0 AND state IN (${from})`,
    ),
    again: sql.get(`UPDATE task_instances SET ${begun} WHERE task_instance_no = ? AND state IN (${from})`),
  }));
  return (change) => {
    const { taskInstanceNo, token, attempt, at } = change;
    if (!(token > 0)) return refused("a token is larger than 0");
    const { first, again } = starts(change.from);
    if (first.run(token, attempt, at, taskInstanceNo).changes === 1) firstAttempts.add(taskInstanceNo);
    else if (again.run(token, attempt, at, taskInstanceNo).changes === 0) return why(taskInstanceNo);
    return done(events.write(change, at));
  };
}
