import type { Outcome, SetDagPaused } from "@millrace/core/plugin";
import { done, refused, type Writer } from "./writer.ts";

export function dagPauser({ sql, events }: Writer): (change: SetDagPaused) => Outcome {
  const find = sql.get("SELECT paused FROM dags WHERE dag_id = ?");
  const update = sql.get("UPDATE dags SET paused = ? WHERE dag_id = ?");
  return (change) => {
    const { dagId, paused, at } = change;
    const old = find.get(dagId);
    if (old === undefined) return refused("there is no such DAG");
    if ((old.paused === 1) === paused) return done(0);
    update.all(paused ? 1 : 0, dagId);
    return done(events.write(change, at, dagId));
  };
}
