import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const schema = `
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS sales (
  order_id TEXT PRIMARY KEY, interval_start INTEGER NOT NULL, ordered_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  product TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL, amount_cents INTEGER NOT NULL,
  status TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sales_of_interval ON sales (interval_start);
CREATE TABLE IF NOT EXISTS rejected_lines (
  row_no INTEGER PRIMARY KEY, interval_start INTEGER NOT NULL, order_id TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS day_loads (
  interval_start INTEGER PRIMARY KEY, interval_end INTEGER NOT NULL, orders INTEGER NOT NULL, rejected INTEGER NOT NULL,
  revenue_cents INTEGER NOT NULL, content_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS gateway_events (
  event_id TEXT PRIMARY KEY, kind TEXT NOT NULL, interval_start INTEGER NOT NULL, at INTEGER NOT NULL,
  amount_cents INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS order_state (
  order_id TEXT PRIMARY KEY, ordered_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, product TEXT NOT NULL,
  quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL, amount_cents INTEGER NOT NULL, status TEXT NOT NULL,
  row_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS daily_totals (
  day_start INTEGER PRIMARY KEY, orders INTEGER NOT NULL, shipped INTEGER NOT NULL, revenue_cents INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stock_levels (
  day_start INTEGER NOT NULL, product TEXT NOT NULL, level INTEGER NOT NULL, PRIMARY KEY (day_start, product)
) STRICT;
CREATE TABLE IF NOT EXISTS parcels (
  day_start INTEGER PRIMARY KEY, week TEXT NOT NULL, parcels INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS parcel_files (
  week TEXT PRIMARY KEY, content_hash TEXT NOT NULL, first_day INTEGER NOT NULL, days INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sync_findings (
  day_start INTEGER NOT NULL, finding TEXT NOT NULL, PRIMARY KEY (day_start, finding)
) STRICT;
CREATE TABLE IF NOT EXISTS load_log (
  log_no INTEGER PRIMARY KEY, dag_id TEXT NOT NULL, run_id TEXT NOT NULL, interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  outcome TEXT NOT NULL, rows INTEGER NOT NULL, detail TEXT NOT NULL
) STRICT;
`;

/** Opens the target system, and makes its tables if they are not there. */
export function openTarget(file: string, { isLasting }: { readonly isLasting: boolean }): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const target = new DatabaseSync(file, { timeout: 2_000 });
  try {
    target.exec(`PRAGMA synchronous = ${isLasting ? "NORMAL" : "OFF"}`);
    target.exec(schema);
    return target;
  } catch (error) {
    target.close();
    throw error;
  }
}

/** Everything that the work does is kept, or nothing. What it throws is thrown on. */
export function inOneTransaction<T>(target: DatabaseSync, work: () => T): T {
  target.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    target.exec("COMMIT");
    return result;
  } catch (error) {
    if (target.isTransaction) target.exec("ROLLBACK");
    throw error;
  }
}
