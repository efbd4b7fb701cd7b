import type { DeleteXComs, Outcome } from "@millrace/core/plugin";
import { done, type Writer } from "./writer.ts";

export function xcomDeleter({ sql, events, xcoms }: Writer): (change: DeleteXComs) => Outcome {
  const deleteOne = sql.get("DELETE FROM xcoms WHERE task_instance_no = ? AND key = ?");
  return (change) => {
    xcoms.flush();
    for (const { taskInstanceNo, key } of change.refs) deleteOne.all(taskInstanceNo, key);
    return done(events.write(change, change.at));
  };
}
