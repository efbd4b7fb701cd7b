import { join } from "node:path";
import { expect, it } from "vitest";
import { smallWorld, today } from "../../test/small-world.ts";
import { shopFile, withShop } from "../world.ts";
import { closeOf, linesOrderedIn, linesWrittenIn, newestLineAt } from "./read-shop.ts";
import { openShop } from "./shop.ts";
import { startOfDay } from "./shop-calendar.ts";
import { dayFaults, linesOfDay } from "./shop-days.ts";

const hour = 3_600_000;

it("tells nobody what has not been written yet, and has it once its time has come", () => {
  using world = smallWorld();
  const day = { start: startOfDay(world.calendar, 20), end: startOfDay(world.calendar, 21) };
  const seenAt = (now: number): number => {
    const shop = openShop(shopFile(world), world.calendar, now, world);
    try {
      return linesOrderedIn(shop, day).length;
    } finally {
      shop.close();
    }
  };
  const written = linesOfDay(world.calendar, 20).rows;
  const moments = [day.start, day.start + 12 * hour, day.end, day.end + 20 * hour, day.end + 50 * hour];
  const seen = moments.map(seenAt);
  expect(seen).toEqual(moments.map((now) => written.filter(({ updatedAt }) => updatedAt <= now).length));
  expect(seen[0]).toBe(0);
  expect(seen[2]).toBeLessThan(written.length);
  expect(seen[4]).toBe(written.length);
  // Time only goes forward: a reader that comes with an older clock sees what the others have seen.
  expect(seenAt(day.start)).toBe(written.length);
});

it("has late, corrupt, duplicate and corrected lines, and two days that went wrong", () => {
  using world = smallWorld();
  const days = Array.from({ length: 30 }, (_, day) => linesOfDay(world.calendar, day));
  const rows = days.flatMap((day) => day.rows);
  const count = (is: (row: (typeof rows)[number]) => boolean): number => rows.filter(is).length;
  expect(count(({ quantity }) => !/^\d+$/.test(quantity))).toBeGreaterThan(5);
  expect(rows.length - new Set(rows.map(({ orderId }) => orderId)).size).toBeGreaterThan(50);
  expect(
    days.filter(({ rows, close }) => rows.some(({ updatedAt }) => updatedAt > close.dayEnd)).length,
  ).toBeGreaterThan(15);

  const at = (day: number) =>
    withShop(world, (shop) => ({
      close: closeOf(shop, startOfDay(world.calendar, day)),
      lines: linesOrderedIn(shop, { start: startOfDay(world.calendar, day), end: startOfDay(world.calendar, day + 1) })
        .length,
    }));
  expect([...dayFaults.keys()]).toEqual([9, 17]);
  expect(at(9)).toEqual({ close: undefined, lines: 0 });
  expect(at(17).lines).toBeLessThan((at(17).close?.orders ?? 0) * 0.6);
  expect(at(18).lines).toBeGreaterThan((at(18).close?.orders ?? Number.NaN) * 0.95);
});

it("goes on for years: days are written ahead as time passes", () => {
  using world = smallWorld();
  const shop = openShop(join(world.folder, "shop.db"), world.calendar, today, world);
  shop.close();
  const later = today + 400 * 24 * hour;
  const again = openShop(join(world.folder, "shop.db"), world.calendar, later, world);
  expect(later - (newestLineAt(again, later) ?? 0)).toBeLessThan(hour);
  expect(linesWrittenIn(again, later - 24 * hour, later).length).toBeGreaterThan(80);
  again.close();
});
