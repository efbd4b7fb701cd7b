import type { DatabaseSync } from "node:sqlite";
import { eventKinds, gatewayEvents } from "../source-system/gateway-events.ts";
import type { ShopCalendar } from "../source-system/shop-calendar.ts";
import { type LoadRecord, readLoadLog } from "../target/load-log.ts";
import { type World, withShop, withTarget } from "../world.ts";
import { recomputeOrders } from "./recompute.ts";

/** One thing that was looked at: how many rows, and how many of them are not as they should be. */
export interface TargetCheck {
  readonly name: string;
  readonly rows: number;
  readonly wrong: number;
}

/** Compares every row of the target with what the source says, by a way of its own. */
export function checkTarget(world: World): TargetCheck[] {
  return withShop(world, (shop) =>
    withTarget(world, (target) => [
      sales(shop, target),
      events(target, world.calendar),
      orders(shop, target),
      totals(shop, target),
    ]),
  );
}

/** Each day as the shop had it when the load that counts read it; a load that was rolled back does not count. */
function sales(shop: DatabaseSync, target: DatabaseSync): TargetCheck {
  const last = lastLoads(
    target,
    ({ dagId, outcome }) => dagId === "historical_sales_migration" && outcome !== "rolled_back",
  );
  const expected = last.flatMap(({ interval, seenAt }) => recomputeOrders(shop, interval, seenAt));
  const found = target.prepare("SELECT order_id, ordered_at, product, quantity, status, amount_cents FROM sales").all();
  return { name: "sales, order by order", ...compare(found, expected) };
}

function events(target: DatabaseSync, calendar: ShopCalendar): TargetCheck {
  const expected = eventKinds.flatMap((kind) =>
    lastLoads(target, ({ dagId, detail }) => dagId === "system_recovery_processing" && detail === kind).flatMap(
      ({ interval }) =>
        gatewayEvents(calendar, kind, interval.start, interval.end).map(({ id, at, amountCents }) => ({
          event_id: id,
          kind,
          at,
          amount_cents: amountCents,
        })),
    ),
  );
  const found = target.prepare("SELECT event_id, kind, at, amount_cents FROM gateway_events").all();
  return { name: "payments and visits", ...compare(found, expected) };
}

/** All orders that were written until the high-water mark, each as its newest line says. */
function orders(shop: DatabaseSync, target: DatabaseSync): TargetCheck {
  const found = target
    .prepare("SELECT order_id, ordered_at, product, quantity, status, amount_cents FROM order_state")
    .all();
  const log = readLoadLog(target).filter(({ dagId }) => dagId === "incremental_data_processing");
  const until = Math.max(0, ...log.map(({ seenAt }) => seenAt));
  const everything = { start: 0, end: Number.MAX_SAFE_INTEGER };
  return { name: "orders, kept up to date", ...compare(found, recomputeOrders(shop, everything, until)) };
}

function totals(shop: DatabaseSync, target: DatabaseSync): TargetCheck {
  const last = lastLoads(
    target,
    ({ dagId, detail }) => dagId === "multi_source_sync" && detail === "totals of the day",
  );
  const expected = last.map(({ interval, seenAt }) => {
    const day = recomputeOrders(shop, interval, seenAt);
    return {
      day_start: interval.start,
      orders: day.length,
      shipped: day.filter(({ status }) => status === "shipped").length,
      revenue_cents: day.reduce((sum, { amount_cents }) => sum + amount_cents, 0),
    };
  });
  return { name: "totals by day", ...compare(target.prepare("SELECT * FROM daily_totals").all(), expected) };
}

/** Of each interval the load that came last. */
function lastLoads(target: DatabaseSync, counts: (record: LoadRecord) => boolean): LoadRecord[] {
  return [
    ...new Map(
      readLoadLog(target)
        .filter(counts)
        .map((record) => [record.interval.start, record]),
    ).values(),
  ];
}

/** How many rows of either side have no equal on the other. */
function compare(found: readonly unknown[], expected: readonly unknown[]): { rows: number; wrong: number } {
  const count = new Map<string, number>();
  for (const row of found) add(count, row, 1);
  for (const row of expected) add(count, row, -1);
  return { rows: found.length, wrong: [...count.values()].reduce((sum, n) => sum + Math.abs(n), 0) };
}

function add(count: Map<string, number>, row: unknown, n: number): void {
  const key = JSON.stringify(Object.entries(row as object).sort(([a], [b]) => (a < b ? -1 : 1)));
  count.set(key, (count.get(key) ?? 0) + n);
}
