import fc from "fast-check";
import { expect, it } from "vitest";
import { smallWorld } from "../../test/small-world.ts";
import type { Order } from "../cleaning/clean-orders.ts";
import { withTarget } from "../world.ts";
import { fingerprintOf } from "./content-hash.ts";
import { type DayLoad, loadDay } from "./load-day.ts";

const order = (day: number, n: number, quantity = 1): Order => ({
  orderId: `S${day}-${n}`,
  orderedAt: day * 100 + n,
  updatedAt: day * 100 + n,
  product: "espresso",
  quantity,
  unitPriceCents: 320,
  amountCents: 320 * quantity,
  status: "paid",
});
const load = (day: number, quantities: readonly number[]): DayLoad => ({
  interval: { start: day * 100, end: day * 100 + 100 },
  orders: quantities.map((quantity, n) => order(day, n, quantity)),
  rejected: [{ rowNo: day * 100 + 99, orderId: `S${day}-99`, reason: "the price is no amount with two decimals" }],
});
const fine = (): string[] => [];

it("the same data again changes nothing, other data takes its place, and other days stay", () => {
  using world = smallWorld();
  withTarget(world, (target) => {
    expect(loadDay(target, load(1, [1, 2]), fine)).toEqual({
      outcome: "loaded",
      totals: { orders: 2, revenueCents: 960 },
    });
    expect(loadDay(target, load(2, [5]), fine).outcome).toBe("loaded");
    const before = fingerprintOf(target);
    const reversed = { ...load(1, [1, 2]), orders: load(1, [1, 2]).orders.toReversed() };
    expect(loadDay(target, reversed, fine)).toEqual({ outcome: "unchanged", totals: { orders: 2, revenueCents: 960 } });
    expect(fingerprintOf(target)).toBe(before);
    expect(loadDay(target, load(1, [4]), fine)).toEqual({
      outcome: "replaced",
      totals: { orders: 1, revenueCents: 1_280 },
    });
    expect(target.prepare("SELECT order_id, quantity FROM sales ORDER BY 1").all()).toEqual([
      { order_id: "S1-0", quantity: 4 },
      { order_id: "S2-0", quantity: 5 },
    ]);
    expect(fingerprintOf(target)).not.toBe(before);
  });
});

it("a load that does not pass its check leaves the target as it was, whatever was there before", () => {
  using world = smallWorld();
  withTarget(world, (target) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (quantities, day) => {
          loadDay(target, load(day, quantities), fine);
          const before = fingerprintOf(target);
          const refused = loadDay(target, load(day, [...quantities, 9, 9]), ({ orders }) => [`${orders} orders`]);
          expect(refused).toMatchObject({ outcome: "rolled_back", findings: [`${quantities.length + 2} orders`] });
          expect(fingerprintOf(target)).toBe(before);
          expect(target.isTransaction).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });
});

it("an order that belongs to another day already breaks the load off, and nothing of it stays", () => {
  using world = smallWorld();
  withTarget(world, (target) => {
    loadDay(target, load(1, [1]), fine);
    const before = fingerprintOf(target);
    const stolen = { ...load(2, [1]), orders: [order(2, 0), order(1, 0)] };
    expect(() => loadDay(target, stolen, fine)).toThrow(/UNIQUE/);
    expect(fingerprintOf(target)).toBe(before);
  });
});
