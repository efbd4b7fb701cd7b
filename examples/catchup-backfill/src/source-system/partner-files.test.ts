import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { smallWorld } from "../../test/small-world.ts";
import { partnerFolder, withShop } from "../world.ts";
import { deliverPartnerFiles, partnerWeek, weeksPromisedBy } from "./partner-files.ts";
import { readPartnerFile } from "./read-partner-file.ts";

const day = 86_400_000;

it("files come when they were promised, one late and one twice", () => {
  using world = smallWorld();
  const folder = partnerFolder(world);
  const at = (now: number): string[] => {
    withShop(world, (shop) => deliverPartnerFiles(folder, shop, world.calendar, now));
    return readdirSync(folder).sort();
  };
  const week = (number: number) => partnerWeek(world.calendar, number);
  expect(at(week(0).promisedAt - 1)).toEqual([]);
  expect(at(week(0).promisedAt)).toEqual(["week-00.csv"]);
  expect(at(week(1).promisedAt)).toEqual(["week-00.csv", "week-01.csv"]);
  expect(() => readPartnerFile(join(folder, "week-01.csv"))).toThrow("breaks off before its total");
  at(week(1).promisedAt + day);
  expect(readPartnerFile(join(folder, "week-01.csv"))).toHaveLength(7);
  expect(at(week(2).promisedAt + day)).not.toContain("week-02.csv");
  expect(at(week(2).promisedAt + 2 * day)).toContain("week-02.csv");
  expect(weeksPromisedBy(world.calendar, week(2).promisedAt).map(({ name }) => name)).toEqual([
    "week-00",
    "week-01",
    "week-02",
  ]);
});

it("counts parcels by calendar day", () => {
  using world = smallWorld();
  const { promisedAt, start } = partnerWeek(world.calendar, 3);
  withShop(world, (shop) => deliverPartnerFiles(partnerFolder(world), shop, world.calendar, promisedAt));
  const days = readPartnerFile(join(partnerFolder(world), "week-03.csv"));
  expect(days.map(({ dayStart }) => dayStart)).toEqual(Array.from({ length: 7 }, (_, n) => start + n * day));
  expect(new Date(start).getUTCHours()).toBe(0);
  expect(Math.min(...days.map(({ parcels }) => parcels))).toBeGreaterThan(40);
});

it.each([
  ["day,parcels\n", "breaks off"],
  ["day,parcels\n2026-06-01,5\ntotal,6\n", "do not add up"],
  ["day,parcels\n2026-06-01,5\nsoon,1\ntotal,6\n", "cannot be read"],
  ["day,parcels\n2026-06-01,-5\ntotal,-5\n", "cannot be read"],
  ["parcels\n2026-06-01,5\ntotal,5\n", "breaks off"],
  ["x".repeat(70_000), "at most 65536 are read"],
])("a file that is not whole is refused: %.20s", (text, why) => {
  using world = smallWorld();
  const file = join(world.folder, "week.csv");
  writeFileSync(file, text);
  expect(() => readPartnerFile(file)).toThrow(why);
});
