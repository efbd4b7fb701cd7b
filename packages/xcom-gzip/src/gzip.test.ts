import { randomBytes } from "node:crypto";
import { brotliDecompressSync, gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { type XComEnvelope, type XComPlace, xcomBackend } from "@millrace/core/plugin";
import { xcomStageSuite } from "@millrace/testing/suites";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { address, rowsText } from "../test/cut-bytes.ts";
import { algorithmNames } from "./algorithms.ts";
import { gzip } from "./gzip.ts";

for (const algorithm of algorithmNames)
  xcomStageSuite(`gzip({ algorithm: "${algorithm}" })`, () => ({ stage: gzip({ algorithm }) }));

const ordinary = { gzip: gunzipSync, zstd: zstdDecompressSync, brotli: brotliDecompressSync } as const;

describe.each(algorithmNames)("gzip with %s", (algorithm) => {
  it("leaves an envelope with these fields and no others", async () => {
    const bytes = new Uint8Array(1_500).fill(120);
    const result = await gzip({ algorithm }).write(bytes, address, undefined);
    const compressed = result?.bytes.length as number;
    const checksum = { checksum: expect.stringMatching(/^[0-9a-f]{8}$/), checksum_algorithm: "crc32" };
    expect(result?.envelope).toEqual({
      _xcom_compressed: true,
      v: 1,
      original_size: 1_500,
      compressed_size: compressed,
      compression_ratio: Math.round((compressed / 1_500) * 1e4) / 1e4,
      algorithm,
      ...(algorithm === "brotli" ? checksum : {}),
    });
  });

  it("makes data that every other program reads, and this one", async () => {
    for (const size of [1_000, 100_000, 3_000_000]) {
      const result = await gzip({ algorithm }).write(rowsText(size), address, undefined);
      expect(Buffer.compare(ordinary[algorithm](result?.bytes as Uint8Array), rowsText(size))).toBe(0);
      const read = await gzip().read(result?.bytes as Uint8Array, result?.envelope as XComEnvelope, address);
      expect(Buffer.compare(read, rowsText(size))).toBe(0);
    }
  });

  it("gives back whatever it compresses, at every level, and what it compresses takes less room in the store", async () => {
    const levels = { gzip: 9, zstd: 19, brotli: 9 }[algorithm];
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 3_000 }),
          fc
            .array(fc.constantFrom("a", "b", "cd", '{"id":1}', "äöü"), { maxLength: 5_000 })
            .map((all) => Buffer.from(all.join(""))),
          fc.integer({ min: 1, max: 60_000 }).map(rowsText),
        ),
        fc.integer({ min: 1, max: levels }),
        async (bytes, level) => {
          const result = await gzip({ algorithm, level, thresholdBytes: 0 }).write(bytes, address, undefined);
          if (!result) return;
          const base64 = Buffer.from(result.bytes).toString("base64");
          expect(JSON.stringify({ ...result.envelope, data: base64 }).length).toBeLessThan(bytes.length);
          const read = await gzip().read(result.bytes, result.envelope, address);
          expect(Buffer.compare(read, bytes)).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("reads what another algorithm and level has written", async () => {
    const result = await gzip({ algorithm, level: 1 }).write(rowsText(5_000), address, undefined);
    for (const other of algorithmNames) {
      const read = await gzip({ algorithm: other }).read(
        result?.bytes as Uint8Array,
        result?.envelope as XComEnvelope,
        address,
      );
      expect(Buffer.compare(read, rowsText(5_000))).toBe(0);
    }
  });
});

describe("gzip declines", () => {
  it("what has as many bytes as the threshold, and takes one more", async () => {
    const stage = gzip({ thresholdBytes: 2_000 });
    expect(await stage.write(new Uint8Array(2_000), address, undefined)).toBeUndefined();
    expect(await stage.write(new Uint8Array(2_001), address, undefined)).toBeDefined();
    expect(await gzip().write(new Uint8Array(100), address, undefined)).toBeUndefined();
  });

  it("what does not get smaller, of every size", async () => {
    for (const size of [101, 16_384, 16_385, 200_000, 2_000_000])
      expect(await gzip().write(randomBytes(size), address, undefined)).toBeUndefined();
  });

  it("what would take more room in the store as base64 than it does as text", async () => {
    // Base64 of random bytes: a quarter of it can be saved, which base64 of the result takes again.
    for (const size of [3_000, 30_000]) {
      const text = Buffer.from(randomBytes(size).toString("base64"));
      expect(gzipSync(text).length).toBeLessThan(text.length);
      expect(await gzip().write(text, address, undefined)).toBeUndefined();
    }
  });

  it("what would gain without the envelope around it, and not with it", async () => {
    let smallest = 0;
    for (let size = 101; size <= 300; size++) {
      const result = await gzip().write(new Uint8Array(size), address, undefined);
      if (!result) continue;
      smallest ||= size;
      const data = Buffer.from(result.bytes).toString("base64");
      expect(JSON.stringify({ ...result.envelope, data }).length, `${size}`).toBeLessThan(size);
    }
    expect(smallest).toBeGreaterThan(130);
    expect(smallest).toBeLessThan(220);
  });

  it("what it would not read again, being larger than maxOutputBytes", async () => {
    const stage = gzip({ maxOutputBytes: 5_000 });
    expect(await stage.write(new Uint8Array(5_001), address, undefined)).toBeUndefined();
    expect(await stage.write(new Uint8Array(5_000), address, undefined)).toBeDefined();
  });
});

describe("gzip in a backend", () => {
  const kept = new Map<string, Uint8Array>();
  const place: XComPlace = {
    kind: "place",
    name: "map",
    marker: "_xcom_map",
    async put(bytes, at, inner) {
      expect(inner?.algorithm).toBe("gzip");
      kept.set(at.key, Uint8Array.from(bytes));
      return { _xcom_map: true, v: 1, key: at.key };
    },
    get: async (envelope) => kept.get(String(envelope.key)) as Uint8Array,
    refOf: (envelope) => String(envelope.key),
    async remove(refs) {
      for (const ref of refs) kept.delete(ref);
    },
  };
  const rows = Array.from({ length: 2_000 }, (_, id) => ({ id, region: "eu" }));

  it("stores base64 under 'data' when the bytes stay in the store", async () => {
    const backend = xcomBackend([gzip()]);
    const stored = (await backend.serialize(rows, address)) as XComEnvelope;
    const text = gunzipSync(Buffer.from(stored.data as string, "base64")).toString();
    expect(JSON.parse(text)).toEqual(rows);
    expect(await backend.deserialize(JSON.parse(JSON.stringify(stored)), address)).toEqual(rows);
  });

  it("hands its bytes on to a place, which keeps them compressed", async () => {
    const backend = xcomBackend([gzip(), place]);
    const stored = await backend.serialize(rows, address);
    expect(stored).toMatchObject({ _xcom_map: true, inner: { _xcom_compressed: true } });
    expect(stored).not.toHaveProperty("inner.data");
    expect(kept.get("rows")?.length).toBe((stored as { inner: { compressed_size: number } }).inner.compressed_size);
    expect(await xcomBackend([place], { readers: [gzip()] }).deserialize(stored, address)).toEqual(rows);
  });

  it("leaves small and random values to the store as they are", async () => {
    const backend = xcomBackend([gzip()]);
    expect(await backend.serialize({ a: 1 }, address)).toBe('{"a":1}');
    const random = randomBytes(5_000).toString("base64");
    expect(await backend.serialize(random, address)).toBe(JSON.stringify(random));
  });
});
