import type { AdvanceSchedule, Outcome } from "@millrace/core/plugin";
import { refused, silent, type Writer } from "./writer.ts";

export function scheduleAdvancer({ sql }: Writer): (change: AdvanceSchedule) => Outcome {
  const update = sql.get("UPDATE dags SET scheduled_start = ?, scheduled_end = ? WHERE dag_no = ?");
  return ({ dagNo, intervalStart, intervalEnd }) =>
    update.run(intervalStart, intervalEnd, dagNo).changes === 1 ? silent : refused("there is no such DAG");
}
