import { expect, it } from "vitest";
import type { LedgerLine } from "../cleaning/clean-orders.ts";
import { decideMode, fullEveryMs } from "./checkpoint.ts";
import { findChanges } from "./find-changes.ts";

const checkpoint = { writtenUntil: 1_000, fullUntil: 500, runId: "r" };
const given = { asked: "auto", checkpoint, suspicion: undefined, until: 2_000, fullEveryMs } as const;

it.each([
  ["changes since the checkpoint", {}, { mode: "incremental", after: 1_000, until: 2_000 }],
  ["there is no checkpoint yet", { checkpoint: undefined }, { mode: "full", after: null, until: 2_000 }],
  ["asked for", { asked: "full" as const }, { mode: "full", after: null, until: 2_000 }],
  ["asked for", { asked: "incremental" as const, suspicion: "x" }, { mode: "incremental", after: 1_000, until: 2_000 }],
  [
    "the last validation found a difference: 1 order",
    { suspicion: "1 order" },
    { mode: "full", after: null, until: 2_000 },
  ],
  [
    "a week has passed since everything was compared",
    { until: 500 + fullEveryMs },
    { mode: "full", after: null, until: 500 + fullEveryMs },
  ],
  ["this time was taken in already", { until: 900 }, { mode: "incremental", after: 1_000, until: 1_000 }],
])("%s: %j", (reason, change, expected) => {
  expect(decideMode({ ...given, ...change })).toEqual({ reason, ...expected });
});

const line = (change: Partial<LedgerLine>): LedgerLine => ({
  row_no: 1,
  order_id: "a",
  ordered_at: 1,
  updated_at: 1,
  product: "espresso",
  quantity: "1",
  unit_price: "3.20",
  status: "paid",
  ...change,
});

it("a line that was sent again is no change; one whose content differs is", () => {
  const first = findChanges([line({})], new Map());
  expect(first.changed).toHaveLength(1);
  const known = new Map(first.changed.map(({ orderId, rowHash }) => [orderId, rowHash]));
  const again = findChanges([line({}), line({ row_no: 2, updated_at: 9 })], known);
  expect(again).toMatchObject({ lines: 2, changed: [], unchanged: 1, rejected: 0 });
  const corrected = findChanges([line({}), line({ row_no: 2, updated_at: 9, quantity: "2" })], known);
  expect(corrected.changed).toMatchObject([{ orderId: "a", quantity: 2, updatedAt: 9 }]);
  const broken = findChanges([line({}), line({ row_no: 2, updated_at: 9, quantity: "two" })], known);
  expect(broken).toMatchObject({ changed: [], unchanged: 1, rejected: 1 });
});
