import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type XComBackend, xcomBackend } from "../../src/xcom/backend.ts";
import { chunkPlace } from "../../src/xcom/chunk-place.ts";
import type { XComAddress, XComBackendPart, XComChooser, XComEnvelope } from "../../src/xcom/parts.ts";
import { keyedSealing } from "./keyed-sealing.ts";
import { doubling, shelf } from "./streaming-parts.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };

/** A chooser that has both of its stages write. */
function choosing(...parts: XComChooser["parts"]): XComChooser {
  const envelope = { _xcom_chosen: true, why: "always" };
  return {
    kind: "chooser",
    name: "choosing",
    marker: "_xcom_chosen",
    parts,
    choose: async () => ({ parts, envelope }),
  };
}

type Kept = ReturnType<typeof shelf>;
type MakeParts = (keys: readonly string[], kept: Kept) => readonly XComBackendPart[];

const stacks: readonly (readonly [string, MakeParts])[] = [
  ["sealed alone", (keys) => [keyedSealing(keys)]],
  ["doubled, then sealed", (keys) => [doubling(), keyedSealing(keys)]],
  ["sealed, in a place", (keys, { place }) => [keyedSealing(keys), place]],
  ["doubled, sealed, in a place", (keys, { place }) => [doubling(), keyedSealing(keys), place]],
  [
    "sealed, then doubled, in a place",
    (keys, { place }) => [keyedSealing(keys), { ...doubling(), effect: "other" }, place],
  ],
  ["chosen", (keys, { place }) => [choosing(doubling(), keyedSealing(keys), place)]],
];

/** As it comes back from a row. */
function stored(envelope: unknown): XComEnvelope {
  return JSON.parse(JSON.stringify(envelope)) as XComEnvelope;
}

function innermost(envelope: XComEnvelope, marker: string): unknown {
  let at: XComEnvelope | undefined = envelope;
  while (at && at[marker] !== true) at = at.inner as XComEnvelope | undefined;
  return at?.inner;
}

async function openChunks() {
  const store = memoryStore();
  await store.open("engine");
  let streams = 0;
  const write = async (change: Parameters<typeof store.commit>[0][number]) => (await store.commit([change]))[0];
  return { store, chunks: chunkPlace({ store, write, now: () => 0 }, () => `s${++streams}`) };
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

async function codeOf(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => "done",
    (error: { code?: string }) => error.code,
  );
}

describe.each(stacks)("a value that is %s", (_, make) => {
  test("is written anew with the new key alone, above what lies beneath, once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const kept = shelf();
        const old = stored(await xcomBackend(make(["k1"], kept)).serialize(value, address));
        const now = xcomBackend(make(["k2", "k1"], kept));
        expect(await now.isStale(old, address)).toBe(true);
        const renewed = stored(await now.renew(old, address));
        expect(await now.isStale(renewed, address)).toBe(false);
        expect(await now.renew(renewed, address)).toBeUndefined();
        expect(innermost(renewed, "_xcom_sealed")).toEqual(innermost(old, "_xcom_sealed"));
        // Both forms can be read until one of them is purged; then the old key can go.
        expect(await now.deserialize(old, address)).toEqual(value);
        await now.purge(old, address);
        const later = xcomBackend(make(["k2"], kept));
        expect(await later.deserialize(renewed, address)).toEqual(value);
        await later.purge(renewed, address);
        expect(kept.kept.size).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("stays as it is, with nothing beside it, when its key is missing, it was altered or it lies elsewhere", async () => {
    const kept = shelf();
    const old = stored(await xcomBackend(make(["k1"], kept)).serialize([1, "two"], address));
    const before = [...kept.kept].map(([path, bytes]) => [path, Buffer.from(bytes)]);
    const now = xcomBackend(make(["k3", "k2"], kept));
    expect(await now.isStale(old, address)).toBe(true);
    expect(await codeOf(now.renew(old, address))).toBe("XCOM_CORRUPT");
    const knowing = xcomBackend(make(["k2", "k1"], kept));
    expect(await codeOf(knowing.renew(old, { ...address, key: "other" }))).toBe("XCOM_CORRUPT");
    const text = JSON.stringify(old);
    const altered = JSON.parse(text.replace(/"seal":"./, (found) => (found.endsWith("0") ? '"seal":"1' : '"seal":"0')));
    expect(await codeOf(knowing.renew(altered, address))).toBe("XCOM_CORRUPT");
    expect([...kept.kept].map(([path, bytes]) => [path, Buffer.from(bytes)])).toEqual(before);
  });
});

describe("a stream", () => {
  test.each(stacks)("that is %s is written anew piece by piece", async (_, make) => {
    const { chunks, store } = await openChunks();
    const kept = shelf();
    const pieces = [Buffer.alloc(200_000, "a"), Buffer.alloc(100, "b"), Buffer.alloc(100_000, "c")];
    const write = (keys: readonly string[]): XComBackend => xcomBackend(make(keys, kept));
    const source = (async function* () {
      yield* pieces;
    })();
    const { stored: first } = await write(["k1"]).serializeStream(source, address, { chunks });
    const old = stored(first);
    const now = write(["k2", "k1"]);
    const renewed = stored(await now.renew(old, address, { chunks }));
    expect(renewed).not.toEqual(old);
    expect(await now.renew(renewed, address, { chunks })).toBeUndefined();
    await now.purge(old, address, { chunks });
    const later = write(["k2"]);
    expect(
      Buffer.compare(await readAll(later.deserializeStream(renewed, address, { chunks })), Buffer.concat(pieces)),
    ).toBe(0);
    await later.purge(renewed, address, { chunks });
    expect([kept.kept.size, await store.chunks.streams({ limit: 10 })]).toEqual([0, []]);
  });

  test("whose end was altered leaves nothing of its new form", async () => {
    const { chunks, store } = await openChunks();
    const source = (async function* () {
      yield Buffer.alloc(900_000, "a");
    })();
    const { stored: first } = await xcomBackend([keyedSealing(["k1"])]).serializeStream(source, address, { chunks });
    const [{ streamId }] = await store.chunks.streams({ limit: 1 });
    await store.commit([{ kind: "putChunk", streamId, seq: 3, bytes: Buffer.alloc(10), at: 0 }]);
    const now = xcomBackend([keyedSealing(["k2", "k1"])]);
    expect(await codeOf(now.renew(stored(first), address, { chunks }))).toBe("XCOM_CORRUPT");
    expect((await store.chunks.streams({ limit: 10 })).map((row) => row.streamId)).toEqual([streamId]);
  });
});

test("a large value goes through in pieces where its parts can, and back", async () => {
  const kept = shelf();
  const value = "x".repeat(5_000_000);
  const sizeBytes = value.length + 2;
  const old = stored(await xcomBackend([keyedSealing(["k1"]), kept.place]).serialize(value, address));
  let wholes = 0;
  const sealing = keyedSealing(["k2", "k1"]);
  const counted = {
    ...sealing,
    read: (...given: Parameters<typeof sealing.read>) => {
      wholes++;
      return sealing.read(...given);
    },
  };
  const now = xcomBackend([counted, kept.place]);
  const renewed = stored(await now.renew(old, address, { sizeBytes }));
  expect(wholes).toBe(0);
  expect(await xcomBackend([keyedSealing(["k2"]), kept.place]).deserialize(renewed, address, { sizeBytes })).toBe(
    value,
  );
});

test("what was sealed stays sealed: a stage that would leave the value alone today leaves it as it was", async () => {
  const kept = shelf();
  const old = stored(await xcomBackend([keyedSealing(["k1"]), kept.place]).serialize("secret", address));
  const now = xcomBackend([keyedSealing(["k2", "k1"], { declines: true }), kept.place]);
  await expect(now.renew(old, address)).rejects.toMatchObject({
    code: "XCOM_NOT_RENEWED",
    values: { part: "sealing" },
  });
  expect(kept.kept.size).toBe(1);
});

test("a stage that is never content does not have its values written for ever", async () => {
  const kept = shelf();
  const now = xcomBackend([keyedSealing(["k1"], { isStale: () => true }), kept.place]);
  const old = stored(await now.serialize("secret", address));
  await expect(now.renew(old, address)).rejects.toMatchObject({ code: "XCOM_NOT_RENEWED" });
  expect(kept.kept.size).toBe(1);
  expect(await now.deserialize(old, address)).toBe("secret");
});

test("a place that declines today leaves the value in its row", async () => {
  const kept = shelf();
  const old = stored(await xcomBackend([keyedSealing(["k1"]), kept.place]).serialize("short", address));
  const now = xcomBackend([keyedSealing(["k2", "k1"]), { ...kept.place, put: async () => undefined }]);
  const renewed = stored(await now.renew(old, address));
  expect(renewed).toMatchObject({ _xcom_sealed: true, key_id: "k2", sealed: expect.any(String) });
  expect(await now.deserialize(renewed, address)).toBe("short");
});

test("what a stage throws when it is asked about an envelope names the stage", async () => {
  const asks = keyedSealing(["k1"], {
    isStale: () => {
      throw new Error("no");
    },
  });
  const backend = xcomBackend([asks]);
  const old = stored(await backend.serialize(1, address));
  expect(await codeOf(backend.isStale(old, address))).toBe("XCOM_PART_FAILED");
  expect(await codeOf(backend.renew(old, address))).toBe("XCOM_PART_FAILED");
});

test("envelopes that no reader is there for, or that lie where they cannot, are refused", async () => {
  const sealing = keyedSealing(["k2", "k1"]);
  const sealed = stored(await xcomBackend([keyedSealing(["k1"])]).serialize(1, address));
  expect(await codeOf(xcomBackend([]).renew(sealed, address))).toBe("XCOM_READER_MISSING");
  const chooser = xcomBackend([choosing(sealing)]);
  expect(await codeOf(chooser.renew({ _xcom_chosen: true, inner: sealed }, address))).toBe("XCOM_CORRUPT");
  for (const hostile of [
    {},
    { _xcom_sealed: true },
    { _xcom_sealed: true, key_id: {}, sealed: 7 },
    { __proto__: sealed },
  ])
    expect(await codeOf(chooser.renew(stored(hostile), address))).toMatch(/XCOM_(CORRUPT|READER_MISSING)/);
});
