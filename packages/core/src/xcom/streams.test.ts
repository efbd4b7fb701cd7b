import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import type { Change, XComPut } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import type { XComAddress } from "./parts.ts";
import { readStream, type StreamEnvelope, writeStream } from "./streams.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
const chunkBytes = 262_144;

async function openStore() {
  const store = memoryStore();
  await store.open("engine");
  const changes: Change[] = [];
  const services = {
    now: () => 0,
    async write(change: Change) {
      changes.push(change);
      return (await store.commit([change]))[0];
    },
  };
  return { store, services, changes };
}

function putOf(envelope: StreamEnvelope): XComPut {
  return { key: "k", format: "envelope", stored: JSON.stringify(envelope), sizeBytes: envelope.size_bytes };
}

async function* from(...pieces: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* pieces;
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function codeOf(step: () => Promise<unknown>): Promise<unknown> {
  try {
    await step();
  } catch (error) {
    return isMillraceError(error) ? `${error.code}: ${error.values.why ?? error.values.what}` : error;
  }
  return undefined;
}

describe("a stream", () => {
  test("comes back byte by byte, whatever pieces it came in", async () => {
    const { store, services } = await openStore();
    let streams = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.string({ unit: "grapheme" })), { maxLength: 8 }),
        async (pieces) => {
          const envelope = await writeStream(services, `s${++streams}`, from(...pieces));
          const wanted = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
          expect(envelope.size_bytes).toBe(wanted.length);
          expect(await readAll(readStream(store, putOf(envelope), address))).toEqual(wanted);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("is written in chunks of 256 KiB, the last one as long as it is", async () => {
    for (const [size, wanted] of [
      [0, []],
      [1, [1]],
      [chunkBytes, [chunkBytes]],
      [chunkBytes + 1, [chunkBytes, 1]],
      [3 * chunkBytes, [chunkBytes, chunkBytes, chunkBytes]],
    ] as const) {
      const { store, services, changes } = await openStore();
      const bytes = Buffer.alloc(size, "ab");
      const envelope = await writeStream(services, "s", from(bytes.subarray(0, 5), bytes.subarray(5)));
      expect(changes.map((change) => (change.kind === "putChunk" ? change.bytes.length : -1))).toEqual(wanted);
      expect(envelope).toMatchObject({ size_bytes: size, chunk_count: wanted.length });
      expect((await readAll(readStream(store, putOf(envelope), address))).equals(bytes)).toBe(true);
    }
  });

  test("may come from a Node stream, and from a source that uses its buffer again", async () => {
    const { store, services } = await openStore();
    const readable = await writeStream(services, "r", Readable.from([Buffer.from("one"), "two"]));
    expect((await readAll(readStream(store, putOf(readable), address))).toString()).toBe("onetwo");
    const again = await writeStream(
      services,
      "a",
      (async function* () {
        const buffer = Buffer.alloc(4);
        for (const letter of "abc") yield buffer.fill(letter);
      })(),
    );
    expect((await readAll(readStream(store, putOf(again), address))).toString()).toBe("aaaabbbbcccc");
  });

  test("one large piece is no more work than many small ones", async () => {
    const { services, changes } = await openStore();
    const bytes = Buffer.alloc(64 * 1024 * 1024);
    await writeStream(services, "s", from(bytes));
    expect(changes).toHaveLength(256);
  });

  test("that breaks leaves nothing behind, and its own error is told", async () => {
    const { store, services } = await openStore();
    const broken = new Error("the pipe broke");
    const source = (async function* () {
      yield Buffer.alloc(chunkBytes + 5);
      throw broken;
    })();
    expect(await codeOf(() => writeStream(services, "s", source))).toBe(broken);
    expect(await store.chunks.get("s", 0)).toBeUndefined();
  });
});

describe("reading what is not as it was written", () => {
  test("a missing piece, an altered one and a false checksum are corrupt", async () => {
    const { store, services } = await openStore();
    const envelope = await writeStream(services, "s", from(Buffer.alloc(chunkBytes + 9, "x")));
    const read = (put: XComPut) => codeOf(() => readAll(readStream(store, put, address)));
    expect(await read(putOf(envelope))).toBeUndefined();
    expect(await read(putOf({ ...envelope, checksum: "0".repeat(64) }))).toBe(
      "XCOM_CORRUPT: its checksum does not match",
    );
    await store.commit([{ kind: "putChunk", streamId: "s", seq: 1, bytes: Buffer.from("altered"), at: 0 }]);
    expect(await read(putOf(envelope))).toBe("XCOM_CORRUPT: its checksum does not match");
    await store.commit([{ kind: "deleteChunks", streamId: "s" }]);
    expect(await read(putOf(envelope))).toBe("XCOM_CORRUPT: piece 1 of 2 is missing");
  });

  test("a value that is no stream says how to read it", async () => {
    const { store } = await openStore();
    for (const put of [
      { key: "k", format: "json", stored: "1", sizeBytes: 1 },
      { key: "k", format: "envelope", stored: '{"_xcom_compressed":true}', sizeBytes: 1 },
      { key: "k", format: "envelope", stored: '{"_xcom_stream":tr', sizeBytes: 1 },
      { key: "k", format: "envelope", stored: "null", sizeBytes: 1 },
      { key: "k", format: "envelope", stored: '{"_xcom_stream":true,"chunk_count":"many"}', sizeBytes: 1 },
    ] as const)
      expect(await codeOf(() => readAll(readStream(store, put, address)))).toBe("XCOM_WRONG_KIND: no stream");
  });
});
