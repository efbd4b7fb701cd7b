import type { DatabaseSync } from "node:sqlite";
import type { ChangedOrder } from "../checkpoint/find-changes.ts";
import { inOneTransaction } from "./open-target.ts";

export function hashesOf(target: DatabaseSync, orderIds: readonly string[]): Map<string, string> {
  const rows = target
    .prepare("SELECT order_id, row_hash FROM order_state WHERE order_id IN (SELECT value FROM json_each(?))")
    .all(JSON.stringify(orderIds));
  return new Map(rows.map(({ order_id, row_hash }) => [String(order_id), String(row_hash)]));
}

/** Puts every changed order into the target, in one transaction. */
export function putOrders(
  target: DatabaseSync,
  orders: readonly ChangedOrder[],
): { inserted: number; updated: number } {
  return inOneTransaction(target, () => {
    const known = hashesOf(
      target,
      orders.map(({ orderId }) => orderId),
    );
    const row = target.prepare("INSERT OR REPLACE INTO order_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const o of orders)
      row.run(
        o.orderId,
        o.orderedAt,
        o.updatedAt,
        o.product,
        o.quantity,
        o.unitPriceCents,
        o.amountCents,
        o.status,
        o.rowHash,
      );
    const updated = orders.filter(({ orderId }) => known.has(orderId)).length;
    return { inserted: orders.length - updated, updated };
  });
}

/** Number and revenue of the orders of that time. */
export function orderTotals(
  target: DatabaseSync,
  start: number,
  end: number,
): { orders: number; revenueCents: number } {
  return target
    .prepare(
      `SELECT count(*) AS orders, coalesce(sum(amount_cents), 0) AS revenueCents FROM order_state
       WHERE ordered_at >= ? AND ordered_at < ?`,
    )
    .get(start, end) as { orders: number; revenueCents: number };
}
