import type { Outcome, StartTask } from "@millrace/core/plugin";
import { byStates } from "../statements.ts";
import { taskRefusal } from "./task-refusal.ts";
import { BrokenRow, done, refused, type Writer } from "./writer.ts";

const cleared = "ended_at = NULL, wake_at = NULL, awaits = NULL, error = NULL, reason = NULL";

export function taskStarter(writer: Writer): (change: StartTask) => Outcome {
  const { sql, events } = writer;
  const why = taskRefusal(writer);
  const starts = byStates((from) =>
    sql.get(
      `UPDATE task_instances SET state = 'running', token = ?, attempt = ?, started_at = ?, ${cleared}
       WHERE task_instance_no = ? AND state IN (${from})`,
    ),
  );
  return (change) => {
    const { taskInstanceNo, token, attempt, at } = change;
    if (!(token > 0)) return refused("a token is larger than 0");
    const { changes } = starts(change.from).run(token, attempt, at, taskInstanceNo);
    return changes === 0 ? why(taskInstanceNo) : done(events.write(change, at));
  };
}

/** Starts a row of neighbours with one statement. Throws {@link BrokenRow} when not all of them may start. */
export function rowStarter({ sql, events }: Writer): (row: readonly StartTask[]) => Outcome[] {
  const starts = byStates((from) =>
    sql.get(
      `UPDATE task_instances SET state = 'running', token = task_instance_no + ?, attempt = ?, started_at = ?, ${cleared}
       WHERE task_instance_no BETWEEN ? AND ? AND state IN (${from})`,
    ),
  );
  return (row) => {
    const { taskInstanceNo: first, token, attempt, at, from } = row[0];
    if (!(token > 0)) throw new BrokenRow();
    const { changes } = starts(from).run(token - first, attempt, at, first, first + row.length - 1);
    if (changes !== row.length) throw new BrokenRow();
    return row.map((change) => done(events.write(change, at)));
  };
}
