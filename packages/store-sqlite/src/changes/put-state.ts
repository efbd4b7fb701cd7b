import type { Outcome, PutState } from "@millrace/core/plugin";
import { refused, silent, type Writer } from "./writer.ts";

export function statePutter({ sql }: Writer): (change: PutState) => Outcome {
  const find = sql.get("SELECT value FROM state WHERE namespace = ? AND key = ?");
  const put = sql.get(
    `INSERT INTO state (namespace, key, value, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
  );
  const remove = sql.get("DELETE FROM state WHERE namespace = ? AND key = ?");
  return ({ namespace, key, value, expected, at }) => {
    if (expected !== undefined && expected !== (find.get(namespace, key)?.value ?? null))
      return refused("another value is stored");
    if (value === null) remove.all(namespace, key);
    else put.all(namespace, key, value, at);
    return silent;
  };
}
