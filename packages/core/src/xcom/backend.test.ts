import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isMillraceError, type MillraceError } from "../errors.ts";
import { type StoredXCom, xcomBackend } from "./backend.ts";
import type { XComAddress, XComBackendPart, XComEnvelope, XComPlace, XComStage } from "./parts.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
const value = { text: "hunter2 ".repeat(50), when: new Date(0), n: [1, -0] };

/** Real compression, for values that get smaller by it. */
const zip: XComStage = {
  kind: "stage",
  name: "zip",
  marker: "_xcom_compressed",
  bytesField: "data",
  effect: "compress",
  async write(bytes) {
    const smaller = gzipSync(bytes);
    if (smaller.length >= bytes.length) return undefined;
    return { envelope: { _xcom_compressed: true, original_size: bytes.length }, bytes: smaller };
  },
  async read(bytes) {
    return gunzipSync(bytes);
  },
};

/** Turns every bit, and remembers what was beneath it. */
const seal: XComStage = {
  kind: "stage",
  name: "seal",
  marker: "_xcom_encrypted",
  bytesField: "encrypted_data",
  effect: "encrypt",
  async write(bytes, at, inner) {
    return {
      envelope: { _xcom_encrypted: true, at: at.key, over: inner === undefined ? null : Object.keys(inner) },
      bytes: bytes.map((byte) => 255 - byte),
    };
  },
  async read(bytes, envelope, at) {
    if (envelope.at !== at.key) throw new Error("sealed elsewhere");
    return bytes.map((byte) => 255 - byte);
  },
};

/** Keeps bytes in memory, if there are enough of them. */
function shelf(least = 0): XComPlace & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  return {
    kept,
    kind: "place",
    name: "shelf",
    marker: "_xcom_file_backend",
    async put(bytes, at) {
      if (bytes.length < least) return undefined;
      const path = `${at.dagId}/${at.key}`;
      kept.set(path, Uint8Array.from(bytes));
      return { _xcom_file_backend: true, path };
    },
    async get({ path }) {
      const bytes = kept.get(path as string);
      if (!bytes) throw new Error(`nothing is at ${path as string}`);
      return bytes;
    },
    refOf: ({ path }) => String(path),
    async remove(paths) {
      for (const path of paths) kept.delete(path);
    },
  };
}

async function refusal(step: () => Promise<unknown>): Promise<MillraceError> {
  try {
    await step();
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("without parts", () => {
  test("a value is stored as its JSON text", async () => {
    const backend = xcomBackend();
    const stored = await backend.serialize({ a: 1 }, address);
    expect([backend.isPlain, stored]).toEqual([true, '{"a":1}']);
    expect(await backend.deserialize(stored, address)).toEqual({ a: 1 });
    await backend.purge(stored);
  });
});

describe("parts", () => {
  test("are applied in their order, each envelope over the one before, bytes in base64 at the top", async () => {
    const backend = xcomBackend([zip, seal]);
    const stored = (await backend.serialize(value, address)) as XComEnvelope;
    expect(stored).toMatchObject({
      _xcom_encrypted: true,
      over: ["_xcom_compressed", "original_size"],
      inner: { _xcom_compressed: true },
    });
    expect(Object.keys(stored.inner as object)).not.toContain("data");
    expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
    expect(await backend.deserialize(stored, address)).toEqual(value);
  });

  test("a place takes the bytes out of the store, and gives them back to nobody after a purge", async () => {
    const place = shelf();
    const backend = xcomBackend([zip, seal, place]);
    const stored = (await backend.serialize(value, address)) as XComEnvelope;
    expect(stored).toEqual({
      _xcom_file_backend: true,
      path: "d/k",
      inner: expect.objectContaining({ _xcom_encrypted: true }),
    });
    expect(JSON.stringify(stored)).not.toContain(Buffer.from(place.kept.get("d/k") as Uint8Array).toString("base64"));
    expect(await backend.deserialize(stored, address)).toEqual(value);
    await backend.purge(stored);
    expect(place.kept.size).toBe(0);
    expect(await refusal(() => backend.deserialize(stored, address))).toMatchObject({
      code: "XCOM_PART_FAILED",
      values: { part: "shelf", did: "read", why: "nothing is at d/k" },
    });
  });

  test("may decline: then the value looks as if they were not there", async () => {
    const backend = xcomBackend([zip, shelf(1_000)]);
    expect(await backend.serialize(5, address)).toBe("5");
    const stored = await backend.serialize(value, address);
    expect(stored).toMatchObject({ _xcom_compressed: true, data: expect.any(String) });
    expect(await backend.deserialize(stored, address)).toEqual(value);
    expect(await xcomBackend([shelf(1_000)]).serialize(value, address)).toBe(
      await xcomBackend().serialize(value, address),
    );
  });

  test("reading follows the envelope and not the parts of today", async () => {
    const place = shelf();
    for (const written of [
      [zip],
      [seal],
      [zip, seal],
      [place],
      [zip, place],
      [zip, seal, place],
    ] as XComBackendPart[][]) {
      const stored = await xcomBackend(written).serialize(value, address);
      for (const today of [
        xcomBackend([], { readers: [place, seal, zip] }),
        xcomBackend([seal], { readers: [zip, place] }),
      ])
        expect(await today.deserialize(stored, address)).toEqual(value);
    }
  });

  test("get the address, and a failing one is told by its own error where that is typed", async () => {
    const stored = await xcomBackend([seal]).serialize(value, address);
    const elsewhere = await refusal(() => xcomBackend([seal]).deserialize(stored, { ...address, key: "other" }));
    expect(elsewhere).toMatchObject({
      code: "XCOM_PART_FAILED",
      values: { key: "other", part: "seal", did: "read", why: "sealed elsewhere" },
    });
    const raising: XComStage = { ...seal, read: () => Promise.reject(elsewhere) };
    expect(await refusal(() => xcomBackend([raising]).deserialize(stored, address))).toBe(elsewhere);
  });

  test("write the text that they are given", async () => {
    const backend = xcomBackend([zip]);
    const text = JSON.stringify("x".repeat(500));
    expect(await backend.deserialize(await backend.serializeText(text, address), address)).toBe("x".repeat(500));
  });
});

describe("the order of parts", () => {
  test.each<[what: string, parts: XComBackendPart[], why: RegExp]>([
    ["two places", [shelf(), shelf()], /it has 2 places \(shelf, shelf\)/],
    ["a place before a stage", [shelf(), zip], /the place 'shelf' is not last/],
    ["compression of what is encrypted", [seal, zip], /'zip' compresses what 'seal' has encrypted/],
    ["compression before and after", [zip, seal, { ...zip, marker: "_xcom_again" }], /'zip' compresses/],
  ])("%s is refused", (_, parts, why) => {
    expect(() => xcomBackend(parts)).toThrow(why);
    expect(() => xcomBackend(parts)).toThrow(expect.objectContaining({ code: "XCOM_STACK_INVALID" }));
  });

  test("of readers does not matter", () => {
    expect(() => xcomBackend([], { readers: [seal, zip, shelf(), shelf()] })).not.toThrow();
  });
});

describe("what cannot be read", () => {
  test("because nobody here knows its marker names the marker", async () => {
    const backend = xcomBackend([zip]);
    const nested = { _xcom_compressed: true, data: gzipSync("{}").toString("base64"), inner: { _xcom_strange: true } };
    for (const stored of [{ _xcom_strange: true, data: "" }, nested])
      expect(await refusal(() => backend.deserialize(stored, address))).toMatchObject({
        code: "XCOM_READER_MISSING",
        values: { marker: "_xcom_strange", taskId: "t", key: "k" },
      });
    expect((await refusal(() => backend.deserialize({}, address))).values.marker).toBe("none");
    // A marker is `true` and nothing else.
    expect((await refusal(() => backend.deserialize({ _xcom_compressed: "true" }, address))).code).toBe(
      "XCOM_READER_MISSING",
    );
  });

  test.each<[what: string, stored: StoredXCom]>([
    ["text that is cut off", '{"a":"hunter2'],
    ["no text at all", ""],
    ["an envelope without its bytes", { _xcom_compressed: true }],
    ["bytes that are not base64", { _xcom_compressed: true, data: "a b c" }],
    [
      "bytes that are no text",
      { _xcom_compressed: true, data: gzipSync(Buffer.from([0x22, 0xc3, 0x28, 0x22])).toString("base64") },
    ],
    ["bytes that hold no JSON", { _xcom_compressed: true, data: gzipSync("hunter2").toString("base64") }],
    ["a tag of a type that there is not", '{"$millrace":["Function","hunter2"]}'],
  ])("because it is broken is corrupt and never undefined: %s", async (_, stored) => {
    const error = await refusal(() => xcomBackend([zip]).deserialize(stored, address));
    expect(error).toMatchObject({ code: "XCOM_CORRUPT", values: { taskId: "t", key: "k" } });
    expect(error.values.sizeBytes).toBe(
      Buffer.byteLength(typeof stored === "string" ? stored : JSON.stringify(stored)),
    );
    expect(`${error.message} ${error.cure}`).not.toContain("hunter2");
  });
});
