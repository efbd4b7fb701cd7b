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
    addRecords(writer, change);
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
      addRecords(writer, change);
      return done(events.write(change, at));
    });
  };
}

/** What attempts leave besides their rows. */
function addRecords({ xcoms, reads, performance }: Writer, change: FinishTask): void {
  const { taskInstanceNo, at, performance: cost } = change;
  for (const { key, format, sizeBytes, stored } of change.xcoms)
    xcoms.add(taskInstanceNo, key, format, sizeBytes, at, stored);
  for (const { taskInstanceNo: sourceNo, key, sizeBytes } of change.reads)
    reads.add(taskInstanceNo, sourceNo, key, sizeBytes);
  if (cost === null) return;
  const { scope, durationUs, cpuUs, memoryBeforeBytes, memoryAfterBytes, memoryPeakBytes, loopDelayUs } = cost;
  const memory = [memoryBeforeBytes, memoryAfterBytes, memoryPeakBytes] as const;
  performance.add(taskInstanceNo, change.attempt, scope, durationUs, cpuUs, ...memory, loopDelayUs);
}
