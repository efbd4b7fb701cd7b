import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { largestObjectBytes, largestPartBytes, mostParts, planParts, smallestPartBytes } from "./part-plan.ts";

const mebibyte = 1_048_576;

/** Sizes of all parts of a value of that length. */
function partsOf(plan: (number: number) => number, sizeBytes: number): number[] {
  const parts: number[] = [];
  for (let left = sizeBytes; left > 0; ) {
    const size = Math.min(left, plan(parts.length + 1));
    parts.push(size);
    left -= size;
  }
  return parts;
}

describe("a value in parts", () => {
  test.each([60 * 1_024, 1, 5, 50_000, 5 * 1_024 * 1_024])(
    "of %d MiB keeps to what S3 allows, its length known or not",
    (size) => {
      const sizeBytes = size * mebibyte;
      for (const known of [sizeBytes, undefined]) {
        const parts = partsOf(planParts(smallestPartBytes, known), sizeBytes);
        expect(parts.length).toBeLessThanOrEqual(mostParts);
        for (const part of parts.slice(0, -1)) {
          expect(part).toBeGreaterThanOrEqual(smallestPartBytes);
          expect(part).toBeLessThanOrEqual(largestPartBytes);
        }
      }
    },
  );

  test("has equal parts if its length is known", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 * 1_024 }), fc.integer({ min: 5, max: 512 }), (size, part) => {
        const parts = partsOf(planParts(part * mebibyte, size * mebibyte), size * mebibyte);
        expect(new Set(parts.slice(0, -1)).size).toBeLessThanOrEqual(1);
        expect(parts[0]).toBeLessThanOrEqual(Math.max(part, size / mostParts + 1) * mebibyte);
      }),
    );
  });

  test("of 60 GiB takes parts of 40 MiB at most, although nobody knew its length", () => {
    const parts = partsOf(planParts(smallestPartBytes, undefined), 60 * 1_024 * mebibyte);
    expect(Math.max(...parts)).toBe(40 * mebibyte);
  });

  test("is refused above 5 TiB, at once or at its 10,001st part", () => {
    const tooLarge = expect.objectContaining({ code: "XCOM_S3_TOO_LARGE" });
    expect(() => planParts(smallestPartBytes, largestObjectBytes + 1)).toThrow(tooLarge);
    expect(() => planParts(smallestPartBytes, undefined)(mostParts + 1)).toThrow(tooLarge);
  });
});
