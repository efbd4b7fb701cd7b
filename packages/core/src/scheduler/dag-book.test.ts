import { expect, test } from "vitest";
import { dag } from "../authoring/dag.ts";
import { memoryStore } from "../store/memory-store.ts";
import { DagBook } from "./dag-book.ts";

const now = Date.UTC(2026, 9, 22, 12);
const book = new DagBook(memoryStore(), {
  bundleOf: () => undefined,
  load: () => Promise.reject(new Error("no code")),
});

test.each([
  ["-30d", now - 30 * 86_400_000, true],
  ["2026-01-01", Date.UTC(2025, 11, 31, 23), false],
  ["2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1), false],
  [undefined, null, false],
] as const)(
  "the start date %s is registered resolved, and it is told whether it is relative",
  (given, startDate, startDateIsRelative) => {
    const options = { timezone: "Europe/Berlin", ...(given === undefined ? {} : { startDate: given }) };
    const sales = dag("sales", options, (d) => {
      d.task("extract", () => 1);
    });
    expect(book.registration(sales, now)).toMatchObject({ startDate, startDateIsRelative, at: now });
  },
);
