import type { DatabaseSync } from "node:sqlite";
import type { LedgerLine } from "../cleaning/clean-orders.ts";

/** A stretch of time, in milliseconds since the epoch: `start` belongs to it, `end` does not. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface BookClose {
  readonly orders: number;
  readonly revenueCents: number;
}

const columns = "row_no, order_id, ordered_at, updated_at, product, quantity, unit_price, status";

/** Everything that the ledger says, by now, about orders of that time. */
export function linesOrderedIn(shop: DatabaseSync, { start, end }: Stretch): LedgerLine[] {
  return shop
    .prepare(`SELECT ${columns} FROM orders WHERE ordered_at >= ? AND ordered_at < ? ORDER BY row_no`)
    .all(start, end) as unknown as LedgerLine[];
}

/** Lines that were written after `after` and not after `until`, whatever day they are about. */
export function linesWrittenIn(shop: DatabaseSync, after: number, until: number): LedgerLine[] {
  return shop
    .prepare(`SELECT ${columns} FROM orders WHERE updated_at > ? AND updated_at <= ? ORDER BY updated_at, row_no`)
    .all(after, until) as unknown as LedgerLine[];
}

/** All lines of these orders that were written until then. */
export function linesOfOrders(shop: DatabaseSync, orderIds: readonly string[], until: number): LedgerLine[] {
  return shop
    .prepare(
      `SELECT ${columns} FROM orders WHERE updated_at <= ? AND order_id IN (SELECT value FROM json_each(?)) ORDER BY row_no`,
    )
    .all(until, JSON.stringify(orderIds)) as unknown as LedgerLine[];
}

/** What the tills counted on the day that begins then; `undefined` as long as nobody has said so. */
export function closeOf(shop: DatabaseSync, dayStart: number): BookClose | undefined {
  return shop
    .prepare("SELECT orders, revenue_cents AS revenueCents FROM closes WHERE day_start = ?")
    .get(dayStart) as unknown as BookClose | undefined;
}

/** When the newest line was written that there was at that moment. */
export function newestLineAt(shop: DatabaseSync, until: number): number | undefined {
  const { newest } = shop.prepare("SELECT max(updated_at) AS newest FROM orders WHERE updated_at <= ?").get(until) as {
    newest: number | null;
  };
  return newest ?? undefined;
}
