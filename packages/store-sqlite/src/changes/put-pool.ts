import type { Outcome, PutPool } from "@millrace/core/plugin";
import { done, silent, type Writer } from "./writer.ts";

export function poolPutter({ sql, events }: Writer): (change: PutPool) => Outcome {
  const find = sql.get("SELECT slots FROM pools WHERE pool = ?");
  const put = sql.get("INSERT OR REPLACE INTO pools (pool, slots, updated_at) VALUES (?, ?, ?)");
  return (change) => {
    const { pool, slots, at } = change;
    if (find.get(pool)?.slots === slots) return silent;
    put.all(pool, slots, at);
    return done(events.write(change, at));
  };
}
