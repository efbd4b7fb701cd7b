import type { FinishTask, Outcome } from "@millrace/core/plugin";
import { taskRefusal } from "./task-refusal.ts";
import { BrokenRow, done, type Writer } from "./writer.ts";

const nothingElse = "error = NULL, wake_at = NULL, awaits = NULL";

export function taskFinisher(writer: Writer): (change: FinishTask) => Outcome {
  const { sql, events, xcoms } = writer;
  const why = taskRefusal(writer);
  const whose = "WHERE task_instance_no = ? AND token = ? AND state = 'running'";
  const end = sql.get(`UPDATE task_instances SET state = ?, ended_at = ?, ${nothingElse} ${whose}`);
  const endWith = sql.get(
    `UPDATE task_instances SET state = ?, ended_at = ?, error = ?, wake_at = ?, awaits = ? ${whose}`,
  );
  const deleteOne = sql.get("DELETE FROM xcoms WHERE task_instance_no = ? AND key = ?");
  const deleteAll = sql.get("DELETE FROM xcoms WHERE task_instance_no = ?");
  return (change) => {
    const { taskInstanceNo, token, state, error, wakeAt, awaits, deletes, replacesXComs, at } = change;
    const { changes } =
      error === null && wakeAt === null && awaits === null
        ? end.run(state, at, taskInstanceNo, token)
        : endWith.run(state, at, error, wakeAt, awaits, taskInstanceNo, token);
    if (changes === 0) return why(taskInstanceNo, token);
    if (deletes.length > 0 || replacesXComs) {
      xcoms.flush();
      for (const ref of deletes) deleteOne.all(ref.taskInstanceNo, ref.key);
      if (replacesXComs) deleteAll.all(taskInstanceNo);
    }
    addXComs(writer, change);
    return done(events.write(change, at));
  };
}

/** Ends a row of neighbours with one statement. Throws {@link BrokenRow} when one of them has another token or state. */
export function rowFinisher(writer: Writer): (row: readonly FinishTask[]) => Outcome[] {
  const { sql, events } = writer;
  const end = sql.get(
    `UPDATE task_instances SET state = ?, ended_at = ?, ${nothingElse}
     WHERE task_instance_no BETWEEN ? AND ? AND token = task_instance_no + ? AND state = 'running'`,
  );
  return (row) => {
    const { taskInstanceNo: first, token, state, at } = row[0];
    const { changes } = end.run(state, at, first, first + row.length - 1, token - first);
    if (changes !== row.length) throw new BrokenRow();
    return row.map((change) => {
      addXComs(writer, change);
      return done(events.write(change, at));
    });
  };
}

function addXComs({ xcoms }: Writer, change: FinishTask): void {
  for (const { key, format, sizeBytes, stored } of change.xcoms)
    xcoms.add(change.taskInstanceNo, key, format, sizeBytes, change.at, stored);
}
