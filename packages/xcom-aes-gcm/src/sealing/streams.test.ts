import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  address,
  gathered,
  noise,
  piecesOf,
  refusal,
  type StoredValue,
  sealed,
  sealedStream,
  sourceOf,
  stageOf,
} from "../../test/samples.ts";

const segmentBytes = 80;
const plainBytes = segmentBytes - 16;
const small = stageOf({}, { segmentBytes });
const failed = "XCOM_DECRYPTION_FAILED";

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 5 * plainBytes }),
  fc.constantFrom(0, 1, plainBytes - 1, plainBytes, plainBytes + 1, 3 * plainBytes),
);
const cuts = fc.array(fc.integer({ min: 0, max: 3 * segmentBytes }), { minLength: 1, maxLength: 5 });

/** The stored segments. */
function segmentsOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / segmentBytes) }, (_, n) =>
    bytes.subarray(n * segmentBytes, (n + 1) * segmentBytes),
  );
}

test("a stream of any size, cut anyhow on both ways, comes back, in pieces and as a whole", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, cuts, cuts, async (size, before, after) => {
      const bytes = noise(size);
      const stored = await sealedStream(small, sourceOf(bytes, before));
      expect(stored.envelope.segment_count).toBe(Math.max(1, Math.ceil(size / plainBytes)));
      expect(stored.bytes).toHaveLength(size + 16 * Math.max(1, Math.ceil(size / plainBytes)));
      const { readStream, read } = stageOf();
      expect(await gathered(readStream(piecesOf(stored.bytes, after), stored.envelope, address))).toEqual(bytes);
      expect(Buffer.from(await read(stored.bytes, stored.envelope, address))).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

describe("the sizes where the form changes", () => {
  const mebibyte = 1_048_576;
  test.each([
    [4 * mebibyte, undefined, undefined],
    [4 * mebibyte + 1, mebibyte, 5],
    [5 * (mebibyte - 16), mebibyte, 5],
    [5 * (mebibyte - 16) + 1, mebibyte, 6],
  ])("%i bytes: segments of %s, %s of them", async (size, segment, count) => {
    const stage = stageOf();
    const bytes = noise(size);
    const whole = await sealed(stage, bytes);
    expect(whole.envelope).toMatchObject(segment ? { segment_bytes: segment, segment_count: count } : {});
    expect("segment_bytes" in whole.envelope).toBe(segment !== undefined);
    const stream = await sealedStream(stage, sourceOf(bytes, [300_000]));
    expect(stream.envelope.segment_bytes).toBe(mebibyte);
    for (const { bytes: stored, envelope } of [whole, stream]) {
      expect(Buffer.compare(await stage.read(stored, envelope, address), bytes)).toBe(0);
      expect(Buffer.compare(await gathered(stage.readStream(piecesOf(stored), envelope, address)), bytes)).toBe(0);
    }
  });
});

describe("segments", () => {
  const make = () => sealedStream(small, sourceOf(noise(6 * plainBytes - 5)));

  async function refusedWith(segments: readonly Buffer[], envelope: StoredValue["envelope"]) {
    const stored = Buffer.concat(segments);
    const released: Uint8Array[] = [];
    const { code } = await refusal(async () => {
      for await (const piece of small.readStream(piecesOf(stored, [50]), envelope, address)) released.push(piece);
    });
    expect(code).toBe(failed);
    expect((await refusal(small.read(stored, envelope, address))).code).toBe(failed);
    return Buffer.concat(released);
  }

  test("in another order, left out, twice, cut off at a border or of another value are refused; what was released is right", async () => {
    const { bytes, envelope } = await make();
    const plain = noise(6 * plainBytes - 5);
    const all = segmentsOf(bytes);
    const foreign = segmentsOf((await make()).bytes);
    expect(all).toHaveLength(6);
    for (let one = 0; one < 6; one++) {
      const variants = [
        all.slice(0, one),
        all.toSpliced(one, 1),
        all.toSpliced(one, 0, all[one] as Buffer),
        all.toSpliced(one, 1, foreign[one] as Buffer),
        [...all, all[one] as Buffer],
      ];
      for (let other = 0; other < one; other++)
        variants.push(
          all.with(one, all[other] as Buffer),
          all.with(one, all[other] as Buffer).with(other, all[one] as Buffer),
        );
      for (const segments of variants) {
        const released = await refusedWith(segments, envelope);
        expect(plain.subarray(0, released.length)).toEqual(released);
        expect(released.length).toBeLessThan(plain.length);
      }
    }
  });

  test("fewer or more of them than the envelope says are refused, whatever it says", async () => {
    const { bytes, envelope } = await make();
    const all = segmentsOf(bytes);
    for (let count = 1; count <= 8; count++)
      if (count !== 6) {
        expect(await refusedWith(all, { ...envelope, segment_count: count })).toHaveLength(0);
        expect(await refusedWith(all.slice(0, count), { ...envelope, segment_count: count })).toHaveLength(0);
      }
    for (const size of [17, 40, 79, 81, 160, 1_048_576])
      expect(await refusedWith(all, { ...envelope, segment_bytes: size })).toHaveLength(0);
  });

  test("bytes more behind the last one are refused, also behind one that is full", async () => {
    for (const size of [3 * plainBytes, 3 * plainBytes - 1]) {
      const { bytes, envelope } = await sealedStream(small, sourceOf(noise(size)));
      for (const more of [1, 16, segmentBytes]) await refusedWith([bytes, noise(more)], envelope);
    }
  });

  test("nothing of a segment is released before its tag was checked", async () => {
    const { bytes, envelope } = await make();
    for (let index = 0; index < 6; index++) {
      const altered = Buffer.from(bytes);
      const at = Math.min((index + 1) * segmentBytes, bytes.length) - 1;
      altered[at] = (altered[at] as number) ^ 1;
      const released = await refusedWith([altered], envelope);
      expect(released).toEqual(noise(6 * plainBytes - 5).subarray(0, index * plainBytes));
    }
  });

  test("an envelope that was altered is refused before the source is asked for anything", async () => {
    const { envelope } = await make();
    let asked = 0;
    async function* source() {
      asked++;
      yield noise(10);
    }
    const read = small.readStream(source(), { ...envelope, encrypted_at: "2020-01-01T00:00:00.000Z" }, address);
    expect((await refusal(gathered(read))).code).toBe(failed);
    expect(asked).toBe(0);
  });

  test("a form that nobody has written is refused: one message above 4 MiB", async () => {
    const { bytes, envelope } = await sealed(small, noise(100));
    const much = Buffer.concat([bytes, Buffer.alloc(4_194_304)]);
    expect((await refusal(small.read(much, envelope, address))).code).toBe(failed);
    let pulled = 0;
    async function* endless() {
      for (;;) {
        pulled += 262_144;
        yield Buffer.alloc(262_144);
      }
    }
    expect((await refusal(gathered(small.readStream(endless(), envelope, address)))).code).toBe(failed);
    expect(pulled).toBeLessThan(5_000_000);
  });
});

describe("what is beneath a stream", () => {
  const inner = { _xcom_stream: true, size_bytes: 100 };

  test("is asked for at the end and authenticated", async () => {
    const { bytes, envelope } = await sealedStream(small, sourceOf(noise(100)), address, inner);
    expect(await gathered(small.readStream(piecesOf(bytes), envelope, address))).toEqual(noise(100));
    const other = { ...envelope, inner: { ...inner, size_bytes: 99 } };
    expect((await refusal(gathered(small.readStream(piecesOf(bytes), other, address)))).code).toBe(failed);
  });

  test("an envelope that is asked for too early is refused", async () => {
    const result = await small.writeStream(sourceOf(noise(500)), address, () => inner);
    expect(() => result?.envelope()).toThrow(expect.objectContaining({ code: "XCOM_ENCRYPTION_REFUSED" }));
    await gathered((result as NonNullable<typeof result>).pieces);
    expect(result?.envelope()).toEqual(result?.envelope());
  });
});

describe("calling off", () => {
  const reason = new Error("nobody waits");

  test("a stream that is aborted ends with the signal's reason and lets go of its source, both ways", async () => {
    const stored = await sealedStream(small, sourceOf(noise(1_000)));
    for (const direction of ["write", "read"] as const) {
      const abort = new AbortController();
      let isClosed = false;
      async function* source() {
        try {
          yield* piecesOf(direction === "write" ? noise(1_000) : stored.bytes, [segmentBytes]);
        } finally {
          isClosed = true;
        }
      }
      const call = { signal: abort.signal };
      const written = Object.assign(source(), { head: noise(10), isWhole: false });
      const pieces =
        direction === "write"
          ? ((await small.writeStream(written, address, () => undefined, call))?.pieces ?? [])
          : small.readStream(source(), stored.envelope, address, call);
      let seen = 0;
      await expect(async () => {
        for await (const piece of pieces) if (piece.length > 0 && ++seen === 2) abort.abort(reason);
      }).rejects.toBe(reason);
      expect(isClosed).toBe(true);
    }
  });

  test("a value that is aborted midway, or before, ends with the signal's reason", async () => {
    const stage = stageOf();
    const large = noise(9_000_000);
    const stored = await sealed(stage, large);
    for (const isBefore of [true, false]) {
      const abort = new AbortController();
      if (isBefore) abort.abort(reason);
      else setImmediate(() => abort.abort(reason));
      const call = { signal: abort.signal };
      await expect(stage.write(large, address, undefined, call)).rejects.toBe(reason);
      await expect(stage.read(stored.bytes, stored.envelope, address, call)).rejects.toBe(reason);
    }
  });

  test("a reader who stops lets go of the source", async () => {
    const { bytes, envelope } = await sealedStream(small, sourceOf(noise(1_000)));
    let isClosed = false;
    async function* source() {
      try {
        yield* piecesOf(bytes, [10]);
      } finally {
        isClosed = true;
      }
    }
    for await (const piece of small.readStream(source(), envelope, address)) if (piece.length > 0) break;
    expect(isClosed).toBe(true);
  });
});

test("a stream of more segments than a nonce can count is refused, and lets go of its source", async () => {
  const few = stageOf({}, { segmentBytes, mostSegments: 3 });
  await sealedStream(few, sourceOf(noise(3 * plainBytes)));
  const attempt = sealedStream(few, sourceOf(noise(3 * plainBytes + 1), [10]));
  expect((await refusal(attempt)).code).toBe("XCOM_ENCRYPTION_REFUSED");
});

test("the event loop gets a turn for each MiB of a large value, both ways", async () => {
  const stage = stageOf();
  const large = noise(12_000_000);
  let stored: StoredValue = { bytes: Buffer.alloc(0), envelope: {} };
  const works = [
    async () => {
      stored = await sealed(stage, large);
    },
    () => stage.read(stored.bytes, stored.envelope, address),
    () => sealed(stage, large.subarray(0, 4_000_000)),
    async () => {
      stored = await sealed(stage, large.subarray(0, 4_000_000));
    },
    () => stage.read(stored.bytes, stored.envelope, address),
  ];
  for (const [at, work] of works.entries()) {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await work();
    isOver = true;
    expect(turns, `work ${at}`).toBeGreaterThanOrEqual(at < 2 ? 11 : 3);
  }
});
