import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../src/errors.ts";
import type { Change } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type XComBackend, xcomBackend } from "../../src/xcom/backend.ts";
import { chunkPlace } from "../../src/xcom/chunk-place.ts";
import type { XComOperation } from "../../src/xcom/operation.ts";
import type { XComAddress, XComBackendPart, XComEnvelope, XComPlace, XComStage } from "../../src/xcom/parts.ts";
import { doubling, sealing, shelf, type Traces, traced } from "./streaming-parts.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
const chunkBytes = 262_144;

async function openStore() {
  const store = memoryStore();
  await store.open("engine");
  const changes: Change[] = [];
  let streams = 0;
  const write = async (change: Change) => {
    changes.push(change);
    return (await store.commit([change]))[0];
  };
  const chunks = chunkPlace({ store, write, now: () => 0 }, () => `s${++streams}`);
  return { store, changes, chunks };
}

async function* from(...pieces: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* pieces;
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

async function written(
  backend: XComBackend,
  chunks: XComPlace | undefined,
  ...pieces: (Uint8Array | string)[]
): Promise<XComEnvelope> {
  const { stored } = await backend.serializeStream(from(...pieces), address, { chunks });
  return JSON.parse(JSON.stringify(stored)) as XComEnvelope;
}

async function codeOf(step: () => Promise<unknown>): Promise<unknown> {
  try {
    await step();
  } catch (error) {
    return isMillraceError(error)
      ? `${error.code}: ${error.values.why ?? error.values.what ?? error.values.part}`
      : error;
  }
  return undefined;
}

const piecesOfAnyKind = fc.array(fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.string({ unit: "grapheme" })), {
  maxLength: 8,
});

describe("a stream through any stack", () => {
  const stacks: readonly (readonly [string, () => readonly XComBackendPart[]])[] = [
    ["no part", () => []],
    ["a stage", () => [doubling()]],
    ["a stage that declines what is short", () => [doubling({ least: 40 })]],
    ["two stages", () => [doubling(), sealing()]],
    ["a place", () => [shelf().place]],
    ["a place that declines what is short", () => [shelf({ least: 60 }).place]],
    ["two stages and a place", () => [doubling({ least: 20 }), sealing(), shelf({ least: 60 }).place]],
  ];
  test.each(stacks)("%s: comes back byte by byte, whatever pieces it came in", async (_, parts) => {
    const { chunks } = await openStore();
    const backend = xcomBackend(parts());
    await fc.assert(
      fc.asyncProperty(piecesOfAnyKind, async (pieces) => {
        const wanted = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
        const { stored, sizeBytes } = await backend.serializeStream(from(...pieces), address, { chunks });
        expect(sizeBytes).toBe(wanted.length);
        const back = JSON.parse(JSON.stringify(stored)) as XComEnvelope;
        expect(await readAll(backend.deserializeStream(back, address, { chunks }))).toEqual(wanted);
      }),
      { numRuns: 100 },
    );
  });

  test.each(stacks)("%s: large ones and large values come back, and end what they have begun", async (_, parts) => {
    const { chunks } = await openStore();
    const backend = xcomBackend(parts());
    const traces: Traces = { open: 0 };
    const bytes = Buffer.alloc(3_000_001, "0123456789abcdefg");
    const source = traced(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]), traces);
    const { stored } = await backend.serializeStream(source, address, { chunks });
    expect((await readAll(backend.deserializeStream(stored, address, { chunks }))).equals(bytes)).toBe(true);
    expect(traces.open).toBe(0);
    // A surrogate pair stands at every place where the text may be cut, for one of the two.
    for (const first of ["", "x"])
      expect(
        await backend.deserialize(await backend.serialize(`${first}${"😀".repeat(2_200_000)}`, address), address),
      ).toBe(`${first}${"😀".repeat(2_200_000)}`);
    const value = { text: "äöü😀 ".repeat(900_000), list: [1, 2] };
    const kept = JSON.parse(JSON.stringify(await backend.serialize(value, address))) as XComEnvelope;
    for (const sizeBytes of [undefined, 5_000_000, 20_000_000])
      expect(await backend.deserialize(kept, address, { sizeBytes })).toEqual(value);
  });

  test("inline bytes that are not quite base64 are corrupt, in one piece and in many", async () => {
    const backend = xcomBackend([doubling()]);
    const kept = (await backend.serialize("x".repeat(5_000_000), address)) as XComEnvelope;
    const text = kept.data as string;
    const at = 1024 * 1024;
    for (const data of [
      `${text.slice(0, at)}!${text.slice(at + 1)}`,
      `${text.slice(0, at - 2)}==${text.slice(at)}`,
      5,
      undefined,
    ])
      for (const sizeBytes of [undefined, 5_000_000])
        expect(await codeOf(() => backend.deserialize({ ...kept, data }, address, { sizeBytes }))).toContain(
          "XCOM_CORRUPT",
        );
  });

  test("that is a value in pieces is stored as one in one piece", async () => {
    const whole = (parts: XComBackendPart[]): XComBackendPart[] =>
      parts.map((part) => (part.kind === "stage" ? { ...part, writeStream: undefined } : part));
    const value = "x".repeat(5_000_000);
    const stored = await xcomBackend([doubling(), sealing()]).serialize(value, address);
    expect(stored).toEqual(await xcomBackend(whole([doubling(), sealing()])).serialize(value, address));
  });

  test("shows its first 64 KiB to those who decide, and whether that is all", async () => {
    const { chunks } = await openStore();
    const seen: unknown[] = [];
    const curious: XComStage = {
      ...doubling(),
      writeStream: async ({ head, isWhole, sizeBytes }) => void seen.push([head.length, isWhole, sizeBytes]),
    };
    for (const size of [0, 5, 65_536, 65_537, 200_000])
      await written(
        xcomBackend([curious]),
        chunks,
        ...Array.from({ length: size / 5 }, () => "12345"),
        "1".repeat(size % 5),
      );
    await xcomBackend([curious]).serialize("x".repeat(5_000_000), address);
    expect(seen).toEqual([
      [0, true, 0],
      [5, true, 5],
      [65_536, true, 65_536],
      [65_536, false, undefined],
      [65_536, false, undefined],
      [65_536, false, 5_000_002],
    ]);
  });

  test("is known by its innermost envelope, which names its length and shows nothing of it", async () => {
    const { chunks } = await openStore();
    expect(await written(xcomBackend([doubling(), sealing(), shelf().place]), chunks, "abc")).toEqual({
      _xcom_shelf: true,
      path: "p1",
      inner: {
        _xcom_sealed: true,
        of: JSON.stringify([
          address,
          { _xcom_doubled: true, size: 3, inner: { _xcom_stream: true, v: 1, size_bytes: 3 } },
        ]),
        inner: { _xcom_doubled: true, size: 3, inner: { _xcom_stream: true, v: 1, size_bytes: 3 } },
      },
    });
  });
});

describe("in the store", () => {
  test("it is written in chunks of 256 KiB, the last one as long as it is", async () => {
    for (const [size, wanted] of [
      [0, []],
      [1, [1]],
      [chunkBytes, [chunkBytes]],
      [chunkBytes + 1, [chunkBytes, 1]],
      [3 * chunkBytes, [chunkBytes, chunkBytes, chunkBytes]],
    ] as const) {
      const { changes, chunks } = await openStore();
      const bytes = Buffer.alloc(size, "ab");
      const envelope = await written(xcomBackend(), chunks, bytes.subarray(0, 5), bytes.subarray(5));
      expect(changes.map((change) => (change.kind === "putChunk" ? change.bytes.length : -1))).toEqual(wanted);
      expect(envelope).toMatchObject({ stored_bytes: size, chunk_count: wanted.length });
      expect((await readAll(xcomBackend().deserializeStream(envelope, address, { chunks }))).equals(bytes)).toBe(true);
    }
  });

  test("it may come from a source that uses its buffer again", async () => {
    const { chunks } = await openStore();
    const source = (async function* () {
      const buffer = Buffer.alloc(4);
      for (const letter of "abc") yield buffer.fill(letter);
    })();
    const { stored } = await xcomBackend().serializeStream(source, address, { chunks });
    expect((await readAll(xcomBackend().deserializeStream(stored, address, { chunks }))).toString()).toBe(
      "aaaabbbbcccc",
    );
  });

  test("one large piece is no more work than many small ones", async () => {
    const { changes, chunks } = await openStore();
    await written(xcomBackend(), chunks, Buffer.alloc(64 * 1024 * 1024));
    expect(changes).toHaveLength(256);
  });

  test("a missing piece, an altered one and a false checksum are corrupt", async () => {
    const { store, chunks } = await openStore();
    const envelope = await written(xcomBackend(), chunks, Buffer.alloc(chunkBytes + 9, "x"));
    const read = (stored: XComEnvelope) =>
      codeOf(() => readAll(xcomBackend().deserializeStream(stored, address, { chunks })));
    expect(await read(envelope)).toBeUndefined();
    expect(await read({ ...envelope, checksum: "0".repeat(64) })).toBe("XCOM_CORRUPT: its checksum does not match");
    expect(await read({ ...envelope, inner: { _xcom_stream: true, size_bytes: 5 } })).toBe(
      "XCOM_CORRUPT: it is not as long as it was when it was written",
    );
    for (const forged of [{ stream_id: 5 }, { chunk_count: "2" }, { checksum: null }])
      expect(await read({ ...envelope, ...forged })).toBe(
        "XCOM_CORRUPT: its envelope does not say which chunks it has",
      );
    await store.commit([{ kind: "putChunk", streamId: "s1", seq: 1, bytes: Buffer.from("altered"), at: 0 }]);
    expect(await read(envelope)).toBe("XCOM_CORRUPT: its checksum does not match");
    await store.commit([{ kind: "deleteChunks", streamId: "s1" }]);
    expect(await read(envelope)).toBe("XCOM_CORRUPT: piece 1 of 2 is missing");
  });

  test("what is purged is gone", async () => {
    const { store, chunks } = await openStore();
    const envelope = await written(xcomBackend(), chunks, "abc");
    await xcomBackend().purge(envelope, address, { chunks });
    expect(await store.chunks.get("s1", 0)).toBeUndefined();
  });
});

describe("what goes wrong on the way", () => {
  const pieces = [Buffer.alloc(300_000, "a"), Buffer.alloc(300_000, "b")];
  test.each<[what: string, parts: () => XComBackendPart[], error: string]>([
    ["the first stage", () => [doubling({ failAt: 1 }), sealing(), shelf().place], "XCOM_PART_FAILED: the stage broke"],
    ["the last stage", () => [sealing(), doubling({ failAt: 1 })], "XCOM_PART_FAILED: the stage broke"],
    ["the place", () => [doubling(), shelf({ failAt: 1 }).place], "XCOM_PART_FAILED: the shelf is full"],
  ])("%s breaks: its error names it, the source is ended, nothing is left", async (_, parts, error) => {
    const { store, chunks } = await openStore();
    const traces: Traces = { open: 0 };
    const write = () =>
      xcomBackend(parts()).serializeStream(traced(from(...pieces) as AsyncGenerator<Uint8Array>, traces), address, {
        chunks,
      });
    expect(await codeOf(write)).toBe(error);
    expect(traces.open).toBe(0);
    expect(await store.chunks.get("s1", 0)).toBeUndefined();
  });

  test("a stage that fails before it reads leaves nothing open either", async () => {
    const traces: Traces = { open: 0 };
    const locked: XComStage = { ...sealing(), writeStream: () => Promise.reject(new Error("there is no key")) };
    const source = traced(from(...pieces) as AsyncGenerator<Uint8Array>, traces);
    expect(await codeOf(() => xcomBackend([doubling(), locked]).serializeStream(source, address))).toBe(
      "XCOM_PART_FAILED: there is no key",
    );
    expect(traces.open).toBe(0);
  });

  test.each<[what: string, parts: () => XComBackendPart[]]>([
    ["the store", () => []],
    ["a stage", () => [doubling()]],
    ["a stage and a place", () => [doubling(), shelf().place]],
  ])("the source breaks before %s has it all: its own error is told, and nothing is left behind", async (_, parts) => {
    const { store, chunks } = await openStore();
    const broken = new Error("the pipe broke");
    const source = (async function* () {
      yield Buffer.alloc(chunkBytes * 3);
      throw broken;
    })();
    expect(await codeOf(() => xcomBackend(parts()).serializeStream(source, address, { chunks }))).toBe(broken);
    expect(await store.chunks.get("s1", 0)).toBeUndefined();
  });

  test("a reader that stops early ends everything beneath", async () => {
    const traces: Traces = { open: 0 };
    const { place } = shelf();
    const watched: XComPlace = {
      ...place,
      getStream: (...given) => traced(place.getStream?.(...given) ?? (from() as never), traces),
    };
    const backend = xcomBackend([doubling(), sealing(), watched]);
    const stored = await written(backend, undefined, ...pieces);
    for await (const _ of backend.deserializeStream(stored, address)) break;
    expect(traces.open).toBe(0);
  });

  test("parts that handle no streams refuse them by name, and are given whole values", async () => {
    const { chunks } = await openStore();
    const { writeStream: _w, readStream: _r, ...stage } = doubling();
    const { putStream: _p, getStream: _g, ...place } = shelf().place;
    const stored = await written(xcomBackend([doubling()]), chunks, "abc");
    expect(await codeOf(() => written(xcomBackend([stage]), chunks, "abc"))).toBe("XCOM_STREAM_UNSUPPORTED: doubling");
    expect(await codeOf(() => written(xcomBackend([place]), chunks, "abc"))).toBe("XCOM_STREAM_UNSUPPORTED: shelf");
    expect(await codeOf(() => written(xcomBackend([]), undefined, "abc"))).toBe("XCOM_STREAM_UNSUPPORTED: store");
    expect(await codeOf(() => readAll(xcomBackend([stage]).deserializeStream(stored, address, { chunks })))).toBe(
      "XCOM_STREAM_UNSUPPORTED: doubling",
    );
    const value = "x".repeat(5_000_000);
    const whole = xcomBackend([stage, place]);
    expect(await whole.deserialize(await whole.serialize(value, address), address, { sizeBytes: 5_000_000 })).toBe(
      value,
    );
  });

  test("a stream is no value and a value no stream", async () => {
    const { chunks } = await openStore();
    const backend = xcomBackend([doubling()]);
    const stream = await written(backend, chunks, "abc");
    const value = (await backend.serialize("abc", address)) as XComEnvelope;
    expect(await codeOf(() => readAll(backend.deserializeStream(value, address, { chunks })))).toBe(
      "XCOM_WRONG_KIND: no stream",
    );
    const { _xcom_chunks: _, ...hidden } = stream;
    expect(await codeOf(() => backend.deserialize({ ...(hidden.inner as object), data: "" }, address))).toBe(
      "XCOM_WRONG_KIND: a stream",
    );
  });
});

describe("what parts do is told", () => {
  test.each([
    ["in one piece", "x".repeat(1_000)],
    ["in pieces", "x".repeat(5_000_000)],
  ])("of a value %s: each part's bytes, once each way", async (_, value) => {
    const told: XComOperation[] = [];
    const onOperation = (operation: XComOperation): void => void told.push(operation);
    const backend = xcomBackend([doubling(), sealing(), shelf().place]);
    const stored = await backend.serialize(value, address, { onOperation });
    await backend.deserialize(stored, address, { onOperation, sizeBytes: value.length + 2 });
    await backend.purge(stored, address, { onOperation });
    const size = value.length + 2;
    expect(
      told.map(({ part, operation, bytesIn, bytesOut, outcome }) => [part, operation, bytesIn, bytesOut, outcome]),
    ).toEqual([
      ["json", "write", size, size, "done"],
      ["doubling", "write", size, size * 2, "done"],
      ["sealing", "write", size * 2, size * 2, "done"],
      ["shelf", "write", size * 2, size * 2, "done"],
      ["shelf", "read", 0, size * 2, "done"],
      ["sealing", "read", size * 2, size * 2, "done"],
      ["doubling", "read", size * 2, size, "done"],
      ["json", "read", size, size, "done"],
      ["shelf", "remove", 0, 0, "done"],
    ]);
    expect(told.every(({ durationUs, address: at }) => durationUs >= 0 && at === address)).toBe(true);
  });

  test("what is declined and what fails is told once, where it arose", async () => {
    for (const value of ["x", "x".repeat(5_000_000)]) {
      const told: string[] = [];
      const onOperation = ({ part, outcome, code }: XComOperation): void =>
        void told.push(`${part} ${outcome} ${code}`);
      const parts = [doubling({ failAt: 4, least: 1_000 }), sealing(), shelf().place];
      const failing =
        value === "x"
          ? parts.map((part) =>
              part.name === "sealing" ? { ...part, write: () => Promise.reject(new Error("no")) } : part,
            )
          : parts;
      await codeOf(() => xcomBackend(failing).serialize(value, address, { onOperation }));
      expect(told).toEqual(
        value === "x"
          ? ["json done undefined", "doubling declined undefined", "sealing failed XCOM_PART_FAILED"]
          : ["json done undefined", "doubling failed XCOM_PART_FAILED"],
      );
    }
  });
});
