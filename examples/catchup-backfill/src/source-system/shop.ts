import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { archivedDays, dayOf, type ShopCalendar } from "./shop-calendar.ts";
import { linesOfDay } from "./shop-days.ts";

/** Days that are written ahead: nobody sees them before their time. */
const daysAhead = 45;

/**
 * Opens the shop's database as it is at that moment, and founds the shop if there is none. The views `orders` and `closes`
 * hold what had been written by then: the lines in `ledger` that are dated later do not exist yet for anybody who reads.
 *
 * @param now - milliseconds since the epoch
 */
export function openShop(
  file: string,
  calendar: ShopCalendar,
  now: number,
  { isLasting }: { readonly isLasting: boolean },
): DatabaseSync {
  const isNew = !existsSync(file);
  mkdirSync(dirname(file), { recursive: true });
  const shop = new DatabaseSync(file, { timeout: 2_000 });
  try {
    shop.exec(`PRAGMA synchronous = ${isLasting ? "NORMAL" : "OFF"}`);
    if (isNew) shop.exec(schema);
    keepLedger(shop, calendar, now);
    return shop;
  } catch (error) {
    shop.close();
    throw error;
  }
}

const schema = `
PRAGMA journal_mode = WAL;
CREATE TABLE ledger (
  row_no INTEGER PRIMARY KEY, order_id TEXT NOT NULL, ordered_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  product TEXT NOT NULL, quantity TEXT NOT NULL, unit_price TEXT NOT NULL, status TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_ordered ON ledger (ordered_at);
CREATE INDEX ledger_updated ON ledger (updated_at, row_no);
CREATE TABLE day_closes (
  day_start INTEGER PRIMARY KEY, day_end INTEGER NOT NULL, written_at INTEGER NOT NULL,
  orders INTEGER NOT NULL, revenue_cents INTEGER NOT NULL
) STRICT;
CREATE TABLE shop (now INTEGER NOT NULL, next_day INTEGER NOT NULL) STRICT;
INSERT INTO shop VALUES (0, ${-archivedDays});
CREATE VIEW orders AS SELECT * FROM ledger WHERE updated_at <= (SELECT now FROM shop);
CREATE VIEW closes AS SELECT * FROM day_closes WHERE written_at <= (SELECT now FROM shop);
`;

/** Moves the shop's time on, and has the ledger reach far enough into the days to come. */
function keepLedger(shop: DatabaseSync, calendar: ShopCalendar, now: number): void {
  const state = shop.prepare("SELECT now, next_day FROM shop").get() as { now: number; next_day: number };
  const today = dayOf(calendar, now);
  if (state.now >= now && state.next_day > today) return;
  shop.exec("BEGIN IMMEDIATE");
  try {
    const row = shop.prepare("INSERT INTO ledger VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)");
    const close = shop.prepare("INSERT INTO day_closes VALUES (?, ?, ?, ?, ?)");
    const nextDay = state.next_day > today + 1 ? state.next_day : today + daysAhead;
    for (let day = state.next_day; day < nextDay; day++) {
      const written = linesOfDay(calendar, day);
      for (const r of written.rows)
        row.run(r.orderId, r.orderedAt, r.updatedAt, r.product, r.quantity, r.unitPrice, r.status);
      const { dayStart, dayEnd, writtenAt, orders, revenueCents } = written.close;
      close.run(dayStart, dayEnd, writtenAt, orders, revenueCents);
    }
    shop.prepare("UPDATE shop SET now = max(now, ?), next_day = ?").run(now, nextDay);
    shop.exec("COMMIT");
  } catch (error) {
    shop.exec("ROLLBACK");
    throw error;
  }
}
