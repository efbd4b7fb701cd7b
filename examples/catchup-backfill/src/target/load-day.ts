import type { DatabaseSync } from "node:sqlite";
import type { DayTotals } from "../cleaning/check-day.ts";
import type { Order, RejectedLine } from "../cleaning/clean-orders.ts";
import type { Stretch } from "../source-system/read-shop.ts";
import { contentHash } from "./content-hash.ts";
import { inOneTransaction } from "./open-target.ts";

/** All that is known of one data interval. */
export interface DayLoad {
  readonly interval: Stretch;
  readonly orders: readonly Order[];
  readonly rejected: readonly RejectedLine[];
}

export type DayLoadOutcome =
  | { readonly outcome: "loaded" | "replaced" | "unchanged"; readonly totals: DayTotals }
  | { readonly outcome: "rolled_back"; readonly totals: DayTotals; readonly findings: readonly string[] };

class Refused extends Error {
  readonly totals: DayTotals;
  readonly findings: readonly string[];

  constructor(totals: DayTotals, findings: readonly string[]) {
    super("the loaded day does not hold");
    this.totals = totals;
    this.findings = findings;
  }
}

/**
 * Puts the data of one interval in the place of what was there about it, in one transaction. Before it commits, `check` looks
 * at what the tables now hold; if it finds something, all is as it was before. The same data again changes nothing.
 */
export function loadDay(target: DatabaseSync, load: DayLoad, check: (loaded: DayTotals) => string[]): DayLoadOutcome {
  const { start, end } = load.interval;
  const orders = load.orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const rejected = load.rejected.toSorted((a, b) => a.rowNo - b.rowNo);
  const hash = contentHash([orders, rejected]);
  try {
    return inOneTransaction(target, () => {
      const known = target.prepare("SELECT content_hash FROM day_loads WHERE interval_start = ?").get(start);
      if (known?.content_hash === hash) return { outcome: "unchanged", totals: totalsOf(target, start) };
      for (const table of ["sales", "rejected_lines", "day_loads"])
        target.prepare(`DELETE FROM ${table} WHERE interval_start = ?`).run(start);
      const sale = target.prepare("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
      for (const o of orders)
        sale.run(
          o.orderId,
          start,
          o.orderedAt,
          o.updatedAt,
          o.product,
          o.quantity,
          o.unitPriceCents,
          o.amountCents,
          o.status,
        );
      const line = target.prepare("INSERT INTO rejected_lines VALUES (?, ?, ?, ?)");
      for (const { rowNo, orderId, reason } of rejected) line.run(rowNo, start, orderId, reason);
      const totals = totalsOf(target, start);
      target
        .prepare("INSERT INTO day_loads VALUES (?, ?, ?, ?, ?, ?)")
        .run(start, end, totals.orders, rejected.length, totals.revenueCents, hash);
      const findings = check(totals);
      if (findings.length > 0) throw new Refused(totals, findings);
      return { outcome: known ? "replaced" : "loaded", totals };
    });
  } catch (error) {
    if (error instanceof Refused) return { outcome: "rolled_back", totals: error.totals, findings: error.findings };
    throw error;
  }
}

/** What the tables hold of an interval, read back. */
function totalsOf(target: DatabaseSync, start: number): DayTotals {
  return target
    .prepare(
      "SELECT count(*) AS orders, coalesce(sum(amount_cents), 0) AS revenueCents FROM sales WHERE interval_start = ?",
    )
    .get(start) as unknown as DayTotals;
}
