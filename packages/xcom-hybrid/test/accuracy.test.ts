import { gzipSync, zstdCompressSync } from "node:zlib";
import type { XComStage } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { estimateRatio, sampleOf } from "../src/compressibility.ts";
import { decide } from "../src/decide.ts";
import { corpus } from "./corpus.ts";
import { address, squeezing } from "./part-doubles.ts";

const zstd: XComStage = {
  ...squeezing(),
  write: async (bytes) => ({ envelope: { _xcom_squeezed: true, v: 1 }, bytes: zstdCompressSync(bytes) }),
};
const limits = {
  canCompress: true,
  canEncrypt: false,
  canPlace: true,
  inlineBytes: 1_024,
  offloadBytes: 65_536,
  minGain: 0.1,
};

test.each([
  ["gzip", squeezing(), (bytes: Uint8Array) => gzipSync(bytes).length],
  ["zstd", zstd, (bytes: Uint8Array) => zstdCompressSync(bytes).length],
] as const)(
  "a sample tells how well %s will do, and leads to the decision that the whole value would",
  async (_, stage, compressed) => {
    const misses: string[] = [];
    for (const [name, bytes] of corpus()) {
      const real = Math.min(1, compressed(bytes) / bytes.length);
      const estimated = await estimateRatio(stage, bytes, 32_768, address);
      const decisions = [real, estimated].map((ratio) =>
        JSON.stringify(decide({ sizeBytes: bytes.length, sensitivity: undefined, ratio }, limits)),
      );
      const line = `${name}, ${bytes.length} bytes: ${estimated.toFixed(3)} for ${real.toFixed(3)}`;
      if (Math.abs(estimated - real) > 0.04 || decisions[0] !== decisions[1]) misses.push(line);
    }
    expect(misses).toEqual([]);
  },
);

test("what is no larger than the sample is measured and not estimated", async () => {
  for (const size of [0, 1, 1_023, 32_768]) {
    const bytes = Buffer.alloc(size, "abc");
    const expected = size === 0 ? 1 : Math.min(1, gzipSync(bytes).length / size);
    expect(await estimateRatio(squeezing(), bytes, 32_768, address)).toBe(expected);
    expect(sampleOf(bytes, 32_768)).toBe(bytes);
  }
});

test("a sample holds the beginning and the end and is never larger than asked", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, n) => n % 251);
  const sample = sampleOf(bytes, 1_026);
  expect(sample.length).toBe(1_024);
  expect(sample.slice(0, 256)).toEqual(bytes.slice(0, 256));
  expect(sample.slice(-256)).toEqual(bytes.slice(-256));
});
