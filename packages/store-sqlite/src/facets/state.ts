import type { StateFacet } from "@millrace/core/plugin";
import { type Read, rowsOf } from "./reading.ts";

export function stateFacet(read: Read): StateFacet {
  return {
    get: (namespace, key) =>
      read((sql) => {
        const value = sql.get("SELECT value FROM state WHERE namespace = ? AND key = ?").get(namespace, key)?.value;
        return value === undefined ? undefined : String(value);
      }),
    list: (namespace) =>
      read((sql) =>
        rowsOf<{ key: string; value: string }>(
          sql.get("SELECT key, value FROM state WHERE namespace = ? ORDER BY key").all(namespace),
        ),
      ),
  };
}
