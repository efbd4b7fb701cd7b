import fc from "fast-check";
import { expect, it } from "vitest";
import { checkDay } from "./check-day.ts";
import { cleanOrders, type LedgerLine } from "./clean-orders.ts";

const line = (change: Partial<LedgerLine> = {}): LedgerLine => ({
  row_no: 1,
  order_id: "S1-001",
  ordered_at: 1_000,
  updated_at: 2_000,
  product: "espresso",
  quantity: "2",
  unit_price: "3.20",
  status: "paid",
  ...change,
});

it.each([
  [{ product: "  " }, "the product has no readable name"],
  [{ product: "a\u0000b" }, "the product has no readable name"],
  [{ product: "x".repeat(101) }, "the product has no readable name"],
  [{ quantity: "0" }, "the quantity is no whole number from 1 to 9999"],
  [{ quantity: "-1" }, "the quantity is no whole number from 1 to 9999"],
  [{ quantity: "two" }, "the quantity is no whole number from 1 to 9999"],
  [{ unit_price: "" }, "the price is no amount with two decimals"],
  [{ unit_price: "1.2.3" }, "the price is no amount with two decimals"],
  [{ status: "lost" }, "the status is unknown"],
])("sets a line with %j aside", (change, reason) => {
  const cleaned = cleanOrders([line(change), line({ row_no: 2, order_id: "S1-002" })]);
  expect(cleaned.rejected).toEqual([{ rowNo: 1, orderId: "S1-001", reason }]);
  expect(cleaned.orders.map(({ orderId }) => orderId)).toEqual(["S1-002"]);
});

it("reckons in cents, and takes nothing for a cancelled order", () => {
  const [paid, cancelled] = cleanOrders([
    line({ quantity: "3", unit_price: "0.29" }),
    line({ order_id: "S1-002", status: "cancelled" }),
  ]).orders;
  expect(paid.amountCents).toBe(87);
  expect(cancelled.amountCents).toBe(0);
});

const lines = fc
  .array(
    fc.record({
      order_id: fc.constantFrom("a", "b", "c"),
      updated_at: fc.integer({ min: 0, max: 3 }),
      quantity: fc.constantFrom("1", "2", "x"),
      status: fc.constantFrom("paid", "cancelled"),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((change, place) => line({ ...change, row_no: place + 1 })));

it("keeps of each order the newest line that makes sense, and counts every line once", () => {
  fc.assert(
    fc.property(lines, (given) => {
      const { orders, rejected, duplicates, superseded } = cleanOrders(given);
      const good = given.filter(({ quantity }) => quantity !== "x");
      const expected = [...new Set(good.map(({ order_id }) => order_id))].map((id) => {
        const last = good
          .filter(({ order_id }) => order_id === id)
          .sort((a, b) => a.updated_at - b.updated_at || a.row_no - b.row_no)
          .at(-1);
        return [id, Number(last?.quantity), last?.status, last?.updated_at];
      });
      expect(orders.map((o) => [o.orderId, o.quantity, o.status, o.updatedAt])).toEqual(expected);
      expect(rejected.map(({ rowNo }) => rowNo)).toEqual(
        given.filter(({ quantity }) => quantity === "x").map(({ row_no }) => row_no),
      );
      expect(orders.length + rejected.length + duplicates + superseded).toBe(given.length);
    }),
    { numRuns: 300 },
  );
});

it("the order of the lines changes nothing", () => {
  fc.assert(
    fc.property(
      lines.chain((given) => fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))),
      ([given, shuffled]) => {
        const sorted = (of: readonly LedgerLine[]) =>
          cleanOrders(of).orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
        expect(sorted(shuffled)).toEqual(sorted(given));
      },
    ),
    { numRuns: 200 },
  );
});

it.each([
  [{ orders: 100, revenueCents: 10_000 }, 0],
  [{ orders: 95, revenueCents: 9_000 }, 0],
  [{ orders: 94, revenueCents: 10_000 }, 1],
  [{ orders: 101, revenueCents: 10_000 }, 1],
  [{ orders: 100, revenueCents: 8_999 }, 1],
  [{ orders: 100, revenueCents: 11_001 }, 1],
  [{ orders: 40, revenueCents: 4_000 }, 2],
])("a day with %j has %d findings against 100 orders of 100.00", (loaded, findings) => {
  expect(checkDay(loaded, { orders: 100, revenueCents: 10_000 })).toHaveLength(findings);
});
