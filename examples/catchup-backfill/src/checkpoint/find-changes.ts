import { cleanOrders, type LedgerLine, type Order } from "../cleaning/clean-orders.ts";
import { contentHash } from "../target/content-hash.ts";

export interface ChangedOrder extends Order {
  readonly rowHash: string;
}

export interface Changes {
  readonly lines: number;
  readonly changed: readonly ChangedOrder[];
  readonly unchanged: number;
  readonly rejected: number;
}

/**
 * Which orders really differ from what the target holds. A line that was written again, or sent twice, has the same hash and
 * is no change.
 *
 * @param hashes - of the orders that the target holds, by order id
 */
export function findChanges(lines: readonly LedgerLine[], hashes: ReadonlyMap<string, string>): Changes {
  const { orders, rejected } = cleanOrders(lines);
  const changed: ChangedOrder[] = [];
  for (const order of orders) {
    const { updatedAt, ...content } = order;
    const rowHash = contentHash(content);
    if (hashes.get(order.orderId) !== rowHash) changed.push({ ...order, rowHash });
  }
  return { lines: lines.length, changed, unchanged: orders.length - changed.length, rejected: rejected.length };
}
