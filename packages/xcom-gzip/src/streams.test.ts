import { randomBytes } from "node:crypto";
import type { StageStream, XComEnvelope, XComPieces } from "@millrace/core/plugin";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { address, cut, gathered, rowsText, sourceOf } from "../test/cut-bytes.ts";
import { algorithmNames } from "./algorithms.ts";
import { gzip } from "./gzip.ts";

const none = () => undefined;
type Stage = Required<ReturnType<typeof gzip>>;
const stageOf = (options: Parameters<typeof gzip>[0] = {}) => gzip(options) as Stage;

describe.each(algorithmNames)("streams with %s", (algorithm) => {
  const stage = stageOf({ algorithm });

  async function written(bytes: Uint8Array, places: readonly number[] = []) {
    const stream = (await stage.writeStream(sourceOf(bytes, places), address, none)) as StageStream;
    const compressed = await gathered(stream.pieces);
    return { compressed, envelope: stream.envelope() };
  }

  it("are read back, wherever they are cut, by streams and as a whole", async () => {
    const cuts = fc.array(fc.nat({ max: 200_000 }), { maxLength: 30 });
    const small = fc.array(fc.nat({ max: 40 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1_000, max: 200_000 }),
        cuts,
        fc.oneof(cuts, small),
        async (size, ins, outs) => {
          const bytes = rowsText(size);
          const { compressed, envelope } = await written(bytes, ins);
          expect(envelope).toMatchObject({ original_size: size, compressed_size: compressed.length, algorithm });
          const read = await gathered(stage.readStream(cut(compressed, outs), envelope, address));
          expect(Buffer.compare(read, bytes)).toBe(0);
          expect(Buffer.compare(await stage.read(compressed, envelope, address), bytes)).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("read what was written as a whole, also byte by byte", async () => {
    const result = await stage.write(rowsText(3_000), address, undefined);
    const bytes = result?.bytes as Uint8Array;
    const everywhere = Array.from({ length: bytes.length }, (_, at) => at);
    const read = await gathered(stage.readStream(cut(bytes, everywhere), result?.envelope as XComEnvelope, address));
    expect(Buffer.compare(read, rowsText(3_000))).toBe(0);
  });

  it("hand on pieces of at most 1 MiB, none of which changes later", async () => {
    const zeros = new Uint8Array(20 * 2 ** 20);
    const { compressed, envelope } = await written(zeros, [2 ** 20]);
    const sizes: number[] = [];
    const pieces: Uint8Array[] = [];
    const copies: Uint8Array[] = [];
    for await (const piece of stage.readStream(cut(compressed), envelope, address)) {
      sizes.push(piece.length);
      if (pieces.length < 4) {
        pieces.push(piece);
        copies.push(Uint8Array.from(piece));
      }
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(zeros.length);
    expect(pieces.map((piece) => Buffer.from(piece))).toEqual(copies.map((copy) => Buffer.from(copy)));
  });

  it("that were damaged end with an error, whatever was done to them", async () => {
    const bytes = rowsText(40_000);
    const { compressed, envelope } = await written(bytes);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: compressed.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const spoilt = Uint8Array.from(compressed);
        spoilt[at] = (spoilt[at] as number) ^ change;
        const ends = await Promise.allSettled([
          gathered(stage.readStream(cut(spoilt, [at]), envelope, address)),
          stage.read(spoilt, envelope, address),
        ]);
        // Some bits stand for nothing (gzip's operating system): then the bytes are right.
        for (const end of ends)
          if (end.status === "fulfilled") expect(Buffer.compare(end.value, bytes)).toBe(0);
          else expect(end.reason.code).toMatch(/^XCOM_GZIP_(ALTERED|TRUNCATED|SIZE_DIFFERS|FORMAT_INVALID)$/);
      }),
      { numRuns: 150 },
    );
  });

  it("that were cut short are told from others", async () => {
    const { compressed, envelope } = await written(rowsText(40_000));
    for (const length of [0, 1, 9, 10, 17, 500, compressed.length - 8, compressed.length - 1]) {
      const piece = compressed.subarray(0, length);
      const code = { code: "XCOM_GZIP_TRUNCATED" };
      await expect(gathered(stage.readStream(cut(piece), envelope, address))).rejects.toMatchObject(code);
      await expect(stage.read(piece, envelope, address)).rejects.toMatchObject(code);
      // Also if the envelope says that this is all.
      const ratio = Math.round((length / 40_000) * 1e4) / 1e4;
      const forged = { ...envelope, compressed_size: length, compression_ratio: ratio };
      if (length === 0) continue;
      await expect(gathered(stage.readStream(cut(piece), forged, address))).rejects.toMatchObject(code);
      await expect(stage.read(piece, forged, address)).rejects.toMatchObject(code);
    }
  });
});

describe("a stream to be written", () => {
  it("is declined by its head, which is all that is read of it", async () => {
    const source = {
      head: randomBytes(65_536),
      isWhole: false,
      [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => expect.unreachable("the stream was read"),
    };
    expect(await stageOf().writeStream(source, address, none)).toBeUndefined();
    expect(await stageOf().writeStream({ ...source, head: new Uint8Array(0) }, address, none)).toBeUndefined();
  });

  it("is declined when it is known to be as small as the threshold, or larger than may be read back", async () => {
    const stage = stageOf({ thresholdBytes: 1_000, maxOutputBytes: 100_000 });
    const known = { isSizeKnown: true };
    for (const [size, isTaken] of [
      [1_000, false],
      [1_001, true],
      [100_000, true],
      [100_001, false],
    ] as const)
      expect(
        (await stage.writeStream(sourceOf(rowsText(size), [], known), address, none)) !== undefined,
        `${size}`,
      ).toBe(isTaken);
  });

  it("ends with an error at the first byte more than may be read back", async () => {
    const stage = stageOf({ maxOutputBytes: 100_000 });
    const stream = (await stage.writeStream(sourceOf(rowsText(100_001), [50_000]), address, none)) as StageStream;
    await expect(gathered(stream.pieces)).rejects.toMatchObject({ code: "XCOM_GZIP_TOO_LARGE" });
    const allowed = (await stage.writeStream(sourceOf(rowsText(100_000)), address, none)) as StageStream;
    expect((await gathered(allowed.pieces)).length).toBe(allowed.envelope().compressed_size);
  });

  it("passes on what its source throws", async () => {
    async function* failing(): XComPieces {
      yield rowsText(100_000);
      throw new Error("the disk is gone");
    }
    const source = { ...sourceOf(rowsText(100_000)), [Symbol.asyncIterator]: () => failing()[Symbol.asyncIterator]() };
    const stream = (await stageOf().writeStream(source, address, none)) as StageStream;
    await expect(gathered(stream.pieces)).rejects.toThrow("the disk is gone");
  });
});

describe("whoever stops", () => {
  /** Rows without an end, which say when they were told to stop. */
  function endless() {
    const stopped = Promise.withResolvers<void>();
    async function* rows(): XComPieces {
      try {
        while (true) yield rowsText(100_000);
      } finally {
        stopped.resolve();
      }
    }
    const source = {
      head: rowsText(65_536),
      isWhole: false,
      [Symbol.asyncIterator]: () => rows()[Symbol.asyncIterator](),
    };
    return { source, stopped: stopped.promise };
  }

  it.each([new Error("enough"), "a text", 0, null])(
    "by a signal (%s) gets its reason, and the source is let go",
    async (reason) => {
      const stop = new AbortController();
      const { source, stopped } = endless();
      const stream = (await stageOf().writeStream(source, address, none, { signal: stop.signal })) as StageStream;
      let seen = 0;
      const end = await (async () => {
        for await (const piece of stream.pieces) {
          seen += piece.length;
          if (seen > 50_000) stop.abort(reason);
        }
      })().then(
        () => "an end",
        (error: unknown) => ({ error }),
      );
      expect(end).toEqual({ error: reason });
      await stopped;
    },
  );

  it("reading a stream before its end lets the source go", async () => {
    const { source, stopped } = endless();
    const stream = (await stageOf().writeStream(source, address, none)) as StageStream;
    for await (const _ of stream.pieces) break;
    await stopped;
  });

  it.each(algorithmNames)("in the middle of a whole value (%s) leaves nothing that goes on", async (algorithm) => {
    const stage = stageOf({ algorithm });
    const bytes = rowsText(6 * 2 ** 20);
    const result = await stage.write(bytes, address, undefined);
    for (const work of [
      (signal: AbortSignal) => stage.write(bytes, address, undefined, { signal }),
      (signal: AbortSignal) =>
        stage.read(result?.bytes as Uint8Array, result?.envelope as XComEnvelope, address, { signal }),
    ]) {
      const stop = new AbortController();
      const reason = new Error("enough");
      const working = work(stop.signal);
      setImmediate(() => stop.abort(reason));
      await expect(working).rejects.toBe(reason);
      await expect(work(stop.signal)).rejects.toBe(reason);
    }
    expect(process.getActiveResourcesInfo().filter((name) => /zlib|brotli|zstd/i.test(name))).toEqual([]);
  });
});
