import type { DatabaseSync } from "node:sqlite";
import type { StockLevel } from "../source-system/gateway.ts";
import type { ParcelDay } from "../source-system/read-partner-file.ts";
import { contentHash } from "./content-hash.ts";
import { inOneTransaction } from "./open-target.ts";

export interface DailyTotals {
  readonly orders: number;
  readonly shipped: number;
  readonly revenueCents: number;
}

export function putDailyTotals(target: DatabaseSync, dayStart: number, totals: DailyTotals): void {
  target
    .prepare("INSERT OR REPLACE INTO daily_totals VALUES (?, ?, ?, ?)")
    .run(dayStart, totals.orders, totals.shipped, totals.revenueCents);
}

/** Keeps the levels of stock of a day. The first that was taken down stays: a rerun would see those of another moment. */
export function keepStock(target: DatabaseSync, dayStart: number, stock: readonly StockLevel[]): number {
  return inOneTransaction(target, () => {
    const { count } = target
      .prepare("SELECT count(*) AS count FROM stock_levels WHERE day_start = ?")
      .get(dayStart) as {
      count: number;
    };
    if (count > 0) return 0;
    const row = target.prepare("INSERT INTO stock_levels VALUES (?, ?, ?)");
    for (const { product, level } of stock) row.run(dayStart, product, level);
    return stock.length;
  });
}

/** Names of the weeks whose files were taken in. */
export function loadedWeeks(target: DatabaseSync): Set<string> {
  return new Set(
    target
      .prepare("SELECT week FROM parcel_files")
      .all()
      .map(({ week }) => String(week)),
  );
}

export function putParcels(target: DatabaseSync, week: string, days: readonly ParcelDay[]): void {
  inOneTransaction(target, () => {
    target.prepare("DELETE FROM parcels WHERE week = ?").run(week);
    const row = target.prepare("INSERT INTO parcels VALUES (?, ?, ?)");
    for (const { dayStart, parcels } of days) row.run(dayStart, week, parcels);
    target
      .prepare("INSERT OR REPLACE INTO parcel_files VALUES (?, ?, ?, ?)")
      .run(week, contentHash(days), days[0]?.dayStart ?? 0, days.length);
  });
}

/** Parcels and orders may differ by so much: broken lines of the ledger are parcels all the same. */
const mostDifference = 0.05;

/**
 * Compares what the sources say about the same days, as far as they are all there, and keeps what does not fit together in
 * the place of what was found before.
 */
export function compareSources(target: DatabaseSync): { readonly days: number; readonly findings: readonly string[] } {
  return inOneTransaction(target, () => {
    const days = target
      .prepare(
        `SELECT p.day_start AS dayStart, p.parcels, t.shipped FROM parcels p JOIN daily_totals t USING (day_start)
         ORDER BY p.day_start`,
      )
      .all() as { dayStart: number; parcels: number; shipped: number }[];
    target.exec("DELETE FROM sync_findings");
    const row = target.prepare("INSERT INTO sync_findings VALUES (?, ?)");
    const findings: string[] = [];
    for (const { dayStart, parcels, shipped } of days) {
      if (Math.abs(parcels - shipped) <= Math.max(2, parcels * mostDifference)) continue;
      const finding = `${parcels} parcels and ${shipped} shipped orders`;
      row.run(dayStart, finding);
      findings.push(`${new Date(dayStart).toISOString().slice(0, 10)}: ${finding}`);
    }
    return { days: days.length, findings };
  });
}
