import { expect, test } from "vitest";
import { BatchSize } from "./batch-size.ts";

test("batches grow while they are quick, shrink when they take long, and stay within their bounds", () => {
  const batch = new BatchSize({ first: 20, most: 100 });
  for (const expected of [40, 80, 100, 100]) {
    batch.took(1);
    expect(batch.size).toBe(expected);
  }
  batch.took(15);
  expect(batch.size).toBe(100);
  for (const expected of [50, 25, 12, 6, 3, 1, 1]) {
    batch.took(21);
    expect(batch.size).toBe(expected);
  }
});
