import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** Names a value by what it holds: equal values have equal names. */
export function contentHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

/** Tables that hold data. `load_log` only says what was done, and grows with every run. */
const dataTables = [
  "sales",
  "rejected_lines",
  "day_loads",
  "gateway_events",
  "order_state",
  "daily_totals",
  "stock_levels",
  "parcels",
  "parcel_files",
  "sync_findings",
];

/** Names the data of the target system, or of some of its tables: unchanged data has the same name. */
export function fingerprintOf(target: DatabaseSync, tables: readonly string[] = dataTables): string {
  const hash = createHash("sha256");
  for (const table of tables) {
    hash.update(table);
    for (const row of target.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).iterate())
      hash.update(JSON.stringify(row));
  }
  return hash.digest("hex").slice(0, 16);
}
