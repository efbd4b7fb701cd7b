import { seededRandom } from "./seeded-random.ts";
import { type ShopCalendar, startOfDay } from "./shop-calendar.ts";

/** A line of the shop's ledger as its tills wrote it: numbers are text, and not always numbers. */
export interface LedgerRow {
  readonly orderId: string;
  readonly orderedAt: number;
  /** When the line came into the ledger. Nobody can have seen it before. */
  readonly updatedAt: number;
  readonly product: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly status: "paid" | "shipped" | "cancelled";
}

/** What the tills counted at the end of a day, whatever came through of it. */
export interface DayClose {
  readonly dayStart: number;
  readonly dayEnd: number;
  readonly writtenAt: number;
  readonly orders: number;
  readonly revenueCents: number;
}

/** What went wrong with a whole day, and after how many days it is put right. */
export type DayFault =
  | { readonly kind: "missing"; readonly deliveredOn: number }
  | { readonly kind: "damaged"; readonly repairedOn: number };

/** Day 9 was never sent and is found a month later; of day 17 most was lost on the way, until it is sent again. */
export const dayFaults: ReadonlyMap<number, DayFault> = new Map([
  [9, { kind: "missing", deliveredOn: 36 }],
  [17, { kind: "damaged", repairedOn: 36 }],
]);

const products = [
  ["espresso", 320],
  ["filter coffee", 290],
  ["croissant", 240],
  ["sourdough loaf", 560],
  ["granola 500 g", 790],
  ["beans 1 kg", 2_490],
  ["oat milk", 310],
  ["gift card", 2_500],
] as const;

/** Everything that the shop ever writes about one business day: late, twice, corrected and broken lines among them. */
export function linesOfDay(calendar: ShopCalendar, day: number): { rows: LedgerRow[]; close: DayClose } {
  const random = seededRandom(`shop day ${day}`);
  const start = startOfDay(calendar, day);
  const hours = (count: number): number => Math.round((count / 24) * calendar.dayMs);
  const fault = dayFaults.get(day);
  const count = 90 + Math.floor(random() * 60);
  const rows: LedgerRow[] = [];
  let revenueCents = 0;

  for (let n = 0; n < count; n++) {
    const orderedAt = start + Math.floor(((n + random()) / count) * (calendar.dayMs - 1));
    const [product, price] = products[Math.floor(random() * products.length)];
    const quantity = 1 + Math.floor(random() * 4);
    const status = random() < 0.04 ? "cancelled" : random() < 0.7 ? "shipped" : "paid";
    // A line takes a moment from the till to the ledger, and never falls into the next day by that.
    const arrival = Math.min(orderedAt + Math.floor((random() * hours(1)) / 12), start + calendar.dayMs - 1);
    const row: LedgerRow = {
      orderId: `${day < 0 ? `A${-day}` : `S${day}`}-${String(n).padStart(3, "0")}`,
      orderedAt,
      updatedAt: arrival,
      product,
      quantity: String(quantity),
      unitPrice: (price / 100).toFixed(2),
      status,
    };
    if (status !== "cancelled") revenueCents += quantity * price;

    const chance = random();
    if (chance < 0.012) rows.push({ ...row, updatedAt: start + calendar.dayMs + hours(3 + random() * 36) });
    else if (chance < 0.024) rows.push({ ...row, ...brokenFields(random) });
    else rows.push(row);
    if (chance > 0.97) rows.push({ ...row, updatedAt: arrival });
    else if (chance > 0.95)
      rows.push({ ...row, quantity: String(quantity + 1), updatedAt: arrival + hours(2 + random() * 30) });
  }

  const writtenAt = fault?.kind === "missing" ? startOfDay(calendar, fault.deliveredOn) : start + calendar.dayMs;
  return {
    rows: rows.map((row) => ({ ...row, updatedAt: Math.max(row.updatedAt, arrivalUnder(fault, calendar, random)) })),
    close: { dayStart: start, dayEnd: start + calendar.dayMs, writtenAt, orders: count, revenueCents },
  };
}

/** The earliest moment at which a line of a day with this fault can have arrived. */
function arrivalUnder(fault: DayFault | undefined, calendar: ShopCalendar, random: () => number): number {
  if (fault?.kind === "missing") return startOfDay(calendar, fault.deliveredOn);
  if (fault?.kind === "damaged" && random() < 0.6) return startOfDay(calendar, fault.repairedOn);
  return Number.NEGATIVE_INFINITY;
}

function brokenFields(random: () => number): Partial<LedgerRow> {
  const broken: readonly Partial<LedgerRow>[] = [
    { quantity: "-1" },
    { quantity: "two" },
    { unitPrice: "" },
    { unitPrice: "1.2.3" },
    { product: "\u0000" },
  ];
  return broken[Math.floor(random() * broken.length)];
}
