import type { DatabaseSync } from "node:sqlite";
import type { Stretch } from "../source-system/read-shop.ts";

/**
 * The orders of a time as the ledger had them at a moment, reckoned by one query and by nothing that the DAGs use: the
 * newest line of each order that makes sense.
 */
const ordersThen = `
WITH sound AS (
  SELECT * FROM ledger
  WHERE updated_at <= :seenAt AND ordered_at >= :start AND ordered_at < :end AND length(product) > 0
    AND quantity GLOB '[1-9]*' AND quantity NOT GLOB '*[^0-9]*'
    AND unit_price GLOB '[0-9]*.[0-9][0-9]' AND unit_price NOT GLOB '*.*.*'
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC, row_no DESC) AS place FROM sound
)
SELECT order_id, ordered_at, product, CAST(quantity AS INTEGER) AS quantity, status,
  CASE status WHEN 'cancelled' THEN 0
    ELSE CAST(quantity AS INTEGER) * CAST(replace(unit_price, '.', '') AS INTEGER) END AS amount_cents
FROM ranked WHERE place = 1 ORDER BY order_id`;

export interface RecomputedOrder {
  readonly order_id: string;
  readonly ordered_at: number;
  readonly product: string;
  readonly quantity: number;
  readonly status: string;
  readonly amount_cents: number;
}

/** @param shop - the shop's database, whose table `ledger` also holds what was written later */
export function recomputeOrders(shop: DatabaseSync, { start, end }: Stretch, seenAt: number): RecomputedOrder[] {
  return shop.prepare(ordersThen).all({ start, end, seenAt }) as unknown as RecomputedOrder[];
}
