import { isFinished, type Outcome, type SetTask } from "@millrace/core/plugin";
import { byStates } from "../statements.ts";
import { taskRefusal } from "./task-refusal.ts";
import { done, type Writer } from "./writer.ts";

export function taskSetter(writer: Writer): (change: SetTask) => Outcome {
  const { sql, events } = writer;
  const why = taskRefusal(writer);
  const updates = byStates((from) =>
    sql.get(
      `UPDATE task_instances SET state = ?, reason = ?, ended_at = ?, wake_at = NULL, awaits = NULL
       WHERE task_instance_no = ? AND state IN (${from})`,
    ),
  );
  return (change) => {
    const { taskInstanceNo, to, reason, at } = change;
    const { changes } = updates(change.from).run(to, reason, isFinished(to) ? at : null, taskInstanceNo);
    if (changes === 0) return why(taskInstanceNo);
    return done(events.write(change, at));
  };
}
