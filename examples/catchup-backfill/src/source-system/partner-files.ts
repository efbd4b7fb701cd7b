import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type ShopCalendar, startOfDay } from "./shop-calendar.ts";

/** Days in a week of the partner; its weeks begin with day 0 of the shop. */
const daysOfWeek = 7;

/** Calendar days begin at midnight, two hours before the shop's books open. */
export function midnightOf(calendar: ShopCalendar, day: number): number {
  return startOfDay(calendar, day) - calendar.dayMs / 12;
}

/** A week's file, and when it comes: a quarter of a day after the week has ended, as the partner promised. */
export interface PartnerWeek {
  readonly number: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly promisedAt: number;
}

export function partnerWeek(calendar: ShopCalendar, number: number): PartnerWeek {
  const [start, end] = [midnightOf(calendar, number * daysOfWeek), midnightOf(calendar, (number + 1) * daysOfWeek)];
  return {
    number,
    name: `week-${String(number).padStart(2, "0")}`,
    start,
    end,
    promisedAt: end + calendar.dayMs / 4,
  };
}

/** The partner's calendar: weeks whose files were promised by then. */
export function weeksPromisedBy(calendar: ShopCalendar, at: number): PartnerWeek[] {
  const weeks: PartnerWeek[] = [];
  for (let number = 0; ; number++) {
    const week = partnerWeek(calendar, number);
    if (week.promisedAt > at) return weeks;
    weeks.push(week);
  }
}

/** The file of week 2 comes two days late, that of week 1 breaks off and is sent again a day later. */
const daysLate: ReadonlyMap<number, number> = new Map([[2, 2]]);
const brokenWeek = 1;
/** In week 0 the partner counts twelve parcels twice. */
const miscounted = { week: 0, day: 3, by: 12 } as const;

/** Lays down the files that the partner has sent by now. It counts the parcels that it was handed, whatever the ledger says. */
export function deliverPartnerFiles(folder: string, shop: DatabaseSync, calendar: ShopCalendar, now: number): void {
  mkdirSync(folder, { recursive: true });
  for (const week of weeksPromisedBy(calendar, now)) {
    if (week.promisedAt + (daysLate.get(week.number) ?? 0) * calendar.dayMs > now) continue;
    const whole = contentOf(week, shop, calendar);
    const isBroken = week.number === brokenWeek && now < week.promisedAt + calendar.dayMs;
    writeIfNew(join(folder, `${week.name}.csv`), isBroken ? whole.slice(0, Math.floor(whole.length / 2)) : whole);
  }
}

function contentOf({ number }: PartnerWeek, shop: DatabaseSync, calendar: ShopCalendar): string {
  const count = shop.prepare(
    "SELECT count(DISTINCT order_id) AS parcels FROM ledger WHERE ordered_at >= ? AND ordered_at < ? AND status = 'shipped'",
  );
  const lines = ["day,parcels"];
  let total = 0;
  for (let day = 0; day < daysOfWeek; day++) {
    const from = midnightOf(calendar, number * daysOfWeek + day);
    const { parcels } = count.get(from, from + calendar.dayMs) as { parcels: number };
    const told = parcels + (number === miscounted.week && day === miscounted.day ? miscounted.by : 0);
    lines.push(`${new Date(from).toISOString()},${told}`);
    total += told;
  }
  return `${[...lines, `total,${total}`].join("\n")}\n`;
}

function writeIfNew(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}
