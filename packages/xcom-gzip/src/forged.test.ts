import { brotliCompressSync, gzipSync } from "node:zlib";
import { isMillraceError, type XComEnvelope, type XComStage, xcomBackend } from "@millrace/core/plugin";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelopeSaying } from "../test/bombs.ts";
import { address, cut, gathered, rowsText } from "../test/cut-bytes.ts";
import { algorithmNames } from "./algorithms.ts";
import { gzip } from "./gzip.ts";

const stage = gzip() as Required<XComStage>;
const rows = rowsText(20_000);

/** What both ways of reading say to bytes and an envelope: the code, or the bytes. They must agree. */
async function readBoth(bytes: Uint8Array, envelope: XComEnvelope, of = stage): Promise<string | Uint8Array> {
  const answers = await Promise.all(
    [of.read(bytes, envelope, address), gathered(of.readStream(cut(bytes, [7, 5_000]), envelope, address))].map(
      (read) =>
        read.catch((error: unknown) => {
          expect(isMillraceError(error), String(error)).toBe(true);
          return (error as { code: string }).code.replace("XCOM_GZIP_", "");
        }),
    ),
  );
  expect(answers[0]).toEqual(answers[1]);
  return answers[0] as string | Uint8Array;
}

const honest = (bytes: Uint8Array, original = rows.length, more = {}) => envelopeSaying(original, bytes.length, more);
const good = gzipSync(rows);
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const copy = Buffer.from(good);
  change(copy);
  return copy;
};
const withHeader = (flags: number, ...fields: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), ...fields, good.subarray(10)]);

describe("gzip data that were made by hand", () => {
  it.each<[string, Buffer, string]>([
    ["are plain text", Buffer.from(rows), "FORMAT_INVALID"],
    ["are zlib data", Buffer.from([0x78, 0x9c, 1, 2, 3]), "FORMAT_INVALID"],
    ["have another method than deflate", changed((bytes) => bytes.writeUInt8(7, 2)), "FORMAT_INVALID"],
    ["have a name", withHeader(8, Buffer.from("name\0")), "FORMAT_INVALID"],
    ["have a comment", withHeader(16, Buffer.from("comment\0")), "FORMAT_INVALID"],
    ["have an extra field", withHeader(4, Buffer.from([1, 0, 7])), "FORMAT_INVALID"],
    ["have a checksum of their header", withHeader(2, Buffer.from([0, 0])), "FORMAT_INVALID"],
    ["have a time", changed((bytes) => bytes.writeUInt32LE(1_700_000_000, 4)), "FORMAT_INVALID"],
    ["have another checksum", changed((bytes) => bytes.writeUInt32LE(1, bytes.length - 8)), "ALTERED"],
    ["have another length at their end", changed((bytes) => bytes.writeUInt32LE(19_999, bytes.length - 4)), "ALTERED"],
    ["are followed by garbage", Buffer.concat([good, Buffer.from("garbage!")]), "ALTERED"],
    ["are followed by zeros", Buffer.concat([good, Buffer.alloc(100)]), "ALTERED"],
    ["are followed by an empty member", Buffer.concat([good, gzipSync("")]), "ALTERED"],
    ["are followed by themselves", Buffer.concat([good, good]), "ALTERED"],
    ["follow an empty member", Buffer.concat([gzipSync(""), good]), "ALTERED"],
    [
      "are two halves in two members",
      Buffer.concat([gzipSync(rows.subarray(0, 9_000)), gzipSync(rows.subarray(9_000))]),
      "ALTERED",
    ],
    ["are nothing but an empty member", gzipSync(""), "SIZE_DIFFERS"],
    ["hold less than is said", gzipSync(rows.subarray(0, 19_999)), "SIZE_DIFFERS"],
    ["hold more than is said", gzipSync(Buffer.concat([rows, Buffer.from("x")])), "SIZE_DIFFERS"],
    ["are cut short, and said to be so short", good.subarray(0, -30), "TRUNCATED"],
    ["are only a header", good.subarray(0, 10), "TRUNCATED"],
    ["are gzip data once more", gzipSync(good), "SIZE_DIFFERS"],
    ["are brotli data", brotliCompressSync(rows), "FORMAT_INVALID"],
  ])("and %s are refused", async (_, bytes, code) => {
    expect(await readBoth(bytes, honest(bytes))).toBe(code);
    // As much as is allowed may be claimed, too: then it is at least not what comes out.
    expect(typeof (await readBoth(bytes, honest(bytes, 268_435_456)))).toBe("string");
  });

  it("are read if nothing is wrong with them", async () => {
    expect(Buffer.compare((await readBoth(good, honest(good))) as Uint8Array, rows)).toBe(0);
    expect(
      Buffer.compare(
        (await readBoth(gzipSync(rows, { level: 0 }), honest(gzipSync(rows, { level: 0 })))) as Uint8Array,
        rows,
      ),
    ).toBe(0);
  });
});

describe("an envelope that was forged", () => {
  const envelope = honest(good);

  it.each<[string, XComEnvelope, string]>([
    ["no marker", { ...envelope, _xcom_compressed: 1 }, "ENVELOPE_INVALID"],
    ["no version", { ...envelope, v: undefined }, "ENVELOPE_INVALID"],
    ["a later version", { ...envelope, v: 2 }, "ALGORITHM_UNKNOWN"],
    ["an unknown algorithm", { ...envelope, algorithm: "lz4" }, "ALGORITHM_UNKNOWN"],
    ["a name that every object has", { ...envelope, algorithm: "constructor" }, "ALGORITHM_UNKNOWN"],
    ["an algorithm that is no text", { ...envelope, algorithm: ["gzip"] }, "ENVELOPE_INVALID"],
    ["another algorithm", { ...envelope, algorithm: "zstd" }, "FORMAT_INVALID"],
    ["another algorithm without its checksum", { ...envelope, algorithm: "brotli" }, "ENVELOPE_INVALID"],
    ["no size", { ...envelope, original_size: undefined }, "ENVELOPE_INVALID"],
    ["a size in text", { ...envelope, original_size: "20000" }, "ENVELOPE_INVALID"],
    ["a size below nothing", honest(good, -20_000), "ENVELOPE_INVALID"],
    ["a size of nothing", { ...envelope, original_size: 0 }, "ENVELOPE_INVALID"],
    ["half a byte", honest(good, 20_000.5), "ENVELOPE_INVALID"],
    ["a size that is no number", honest(good, Number.NaN), "ENVELOPE_INVALID"],
    ["a size without an end", honest(good, Number.POSITIVE_INFINITY), "ENVELOPE_INVALID"],
    ["a size beyond all memory", honest(good, 2 ** 52), "TOO_LARGE"],
    ["one byte more than is allowed", honest(good, 2 ** 28 + 1), "TOO_LARGE"],
    ["one byte less than there is", honest(good, 19_999), "SIZE_DIFFERS"],
    ["one byte more than there is", honest(good, 20_001), "SIZE_DIFFERS"],
    ["more compressed bytes", envelopeSaying(20_000, good.length + 1), "TRUNCATED"],
    ["fewer compressed bytes", envelopeSaying(20_000, good.length - 1), "ALTERED"],
    ["a ratio that is another", { ...envelope, compression_ratio: 0.5 }, "ENVELOPE_INVALID"],
    ["no ratio", { ...envelope, compression_ratio: undefined }, "ENVELOPE_INVALID"],
  ])("and has %s is refused", async (_, forged, code) => {
    expect(await readBoth(good, forged)).toBe(code);
  });

  it("says what to update when the algorithm is not known", async () => {
    const read = stage.read(good, { ...envelope, algorithm: "lz4" }, address);
    await expect(read).rejects.toThrow(/"lz4", which this version .* \(it knows gzip, zstd, brotli\)/);
    await expect(read).rejects.toMatchObject({ cure: expect.stringContaining("Update @millrace/xcom-gzip") });
  });

  it("never leads to other bytes than were written, whatever is changed in it and in the bytes", async () => {
    const json = fc.oneof(fc.jsonValue(), fc.integer(), fc.constantFrom(...algorithmNames, "", "__proto__", 1e9, -0));
    for (const algorithm of algorithmNames) {
      const of = gzip({ algorithm }) as Required<XComStage>;
      const result = await of.write(rows, address, undefined);
      const bytes = result?.bytes as Uint8Array;
      const fields = [...Object.keys(result?.envelope as object), "inner", "data", "__proto__"];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...fields),
          json,
          fc.option(fc.nat({ max: bytes.length - 1 })),
          async (field, value, at) => {
            const spoilt = Uint8Array.from(bytes);
            if (at !== null) spoilt[at] = (spoilt[at] as number) ^ 16;
            const forged = Object.defineProperty({ ...result?.envelope }, field, { value, enumerable: true });
            const answer = await readBoth(spoilt, forged, of).catch((error: unknown) => {
              // The two ways may name different things that are wrong with the same bytes.
              if ((error as Error).name !== "AssertionError") throw error;
              return "two codes";
            });
            if (typeof answer !== "string") expect(Buffer.compare(answer, rows)).toBe(0);
          },
        ),
        { numRuns: 100 },
      );
    }
  });

  it("is refused by a backend too, and the value is not shown", async () => {
    const backend = xcomBackend([gzip()]);
    const stored = (await backend.serialize("s3cr3t ".repeat(1_000), address)) as XComEnvelope;
    for (const data of ["", "AAAA", Buffer.from("s3cr3t").toString("base64"), `${stored.data}AAAA`]) {
      const error = await backend.deserialize({ ...stored, data }, address).catch((thrown: unknown) => thrown);
      expect(isMillraceError(error)).toBe(true);
      const { message, cure } = error as { message: string; cure: string };
      expect(`${message} ${cure}`).not.toMatch(/s3cr3t|czNjcjN0/);
    }
  });
});
