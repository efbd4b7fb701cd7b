import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crcOf, joined } from "./whole-bytes.ts";

it("pieces of one memory that lie side by side are joined without a copy", async () => {
  const memory = Buffer.from("abcdefgh");
  const whole = await joined([memory.subarray(1, 3), memory.subarray(3, 4), memory.subarray(4, 8)], 7);
  expect(whole.buffer).toBe(memory.buffer);
  expect(Buffer.from(whole).toString()).toBe("bcdefgh");
});

it("other pieces are joined in their order, wherever they lie", async () => {
  const memory = Buffer.from("abcdefgh");
  const whole = await joined([memory.subarray(4, 8), memory.subarray(0, 2)], 6);
  expect(Buffer.from(whole).toString()).toBe("efghab");
});

it("the checksum of bytes is the same, however many turns it takes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 9 * 2 ** 20 }), async (size) => {
      const bytes = Buffer.alloc(size, "crc");
      expect(await crcOf(bytes)).toBe(crc32(bytes));
    }),
    { numRuns: 10 },
  );
});
