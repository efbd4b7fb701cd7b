/** A line as it stands in the shop's ledger. */
export interface LedgerLine {
  readonly row_no: number;
  readonly order_id: string;
  readonly ordered_at: number;
  readonly updated_at: number;
  readonly product: string;
  readonly quantity: string;
  readonly unit_price: string;
  readonly status: string;
}

/** An order whose every field was checked. Cancelled orders are kept and bring no revenue. */
export interface Order {
  readonly orderId: string;
  readonly orderedAt: number;
  readonly updatedAt: number;
  readonly product: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
  readonly amountCents: number;
  readonly status: string;
}

export interface RejectedLine {
  readonly rowNo: number;
  readonly orderId: string;
  readonly reason: string;
}

export interface CleanedOrders {
  readonly orders: readonly Order[];
  readonly rejected: readonly RejectedLine[];
  /** Lines that say what another one says already. */
  readonly duplicates: number;
  /** Lines in whose place a newer one of the same order came. */
  readonly superseded: number;
}

const statuses: ReadonlySet<string> = new Set(["paid", "shipped", "cancelled"]);
const longestProduct = 100;

/** Reads every line, sets aside those that make no sense, and keeps one line of each order: the newest. */
export function cleanOrders(lines: readonly LedgerLine[]): CleanedOrders {
  const newest = new Map<string, { order: Order; rowNo: number }>();
  const rejected: RejectedLine[] = [];
  let duplicates = 0;
  let superseded = 0;
  for (const line of lines) {
    const order = parseLine(line);
    if (typeof order === "string") {
      rejected.push({ rowNo: line.row_no, orderId: line.order_id, reason: order });
      continue;
    }
    const known = newest.get(order.orderId);
    if (known && hasSameContent(known.order, order)) duplicates++;
    else if (known) superseded++;
    if (!known || isNewer(order, line.row_no, known)) newest.set(order.orderId, { order, rowNo: line.row_no });
  }
  return { orders: [...newest.values()].map(({ order }) => order), rejected, duplicates, superseded };
}

/** The order, or why it is none. */
function parseLine(line: LedgerLine): Order | string {
  const product = line.product.trim();
  if (product === "" || product.length > longestProduct || /[\u0000-\u001f]/.test(product))
    return "the product has no readable name";
  if (!/^[1-9]\d{0,3}$/.test(line.quantity)) return "the quantity is no whole number from 1 to 9999";
  const price = /^(\d{1,6})\.(\d\d)$/.exec(line.unit_price);
  if (!price) return "the price is no amount with two decimals";
  if (!statuses.has(line.status)) return "the status is unknown";
  const quantity = Number(line.quantity);
  const unitPriceCents = Number(price[1]) * 100 + Number(price[2]);
  return {
    orderId: line.order_id,
    orderedAt: line.ordered_at,
    updatedAt: line.updated_at,
    product,
    quantity,
    unitPriceCents,
    amountCents: line.status === "cancelled" ? 0 : quantity * unitPriceCents,
    status: line.status,
  };
}

function hasSameContent(a: Order, b: Order): boolean {
  return (
    a.product === b.product &&
    a.quantity === b.quantity &&
    a.unitPriceCents === b.unitPriceCents &&
    a.status === b.status
  );
}

function isNewer(order: Order, rowNo: number, than: { order: Order; rowNo: number }): boolean {
  return order.updatedAt === than.order.updatedAt ? rowNo > than.rowNo : order.updatedAt > than.order.updatedAt;
}
