import type { Outcome } from "@millrace/core/plugin";
import { refused, type Writer } from "./writer.ts";

/** Says why a guarded change touched no row. */
export function taskRefusal({ sql }: Writer): (taskInstanceNo: number, token?: number) => Outcome {
  const find = sql.get("SELECT state, token FROM task_instances WHERE task_instance_no = ?");
  return (taskInstanceNo, token) => {
    const row = find.get(taskInstanceNo);
    if (row === undefined) return refused("there is no such task instance");
    return refused(
      token !== undefined && row.state === "running" ? "the token is stale" : `the task instance is ${row.state}`,
    );
  };
}
