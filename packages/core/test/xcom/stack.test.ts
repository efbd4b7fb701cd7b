import { describe, expect, test } from "vitest";
import { defineErrors, isMillraceError } from "../../src/errors.ts";
import { type StoredXCom, xcomBackend } from "../../src/xcom/backend.ts";
import type { XComAddress, XComChooser, XComEnvelope, XComPlace, XComStage } from "../../src/xcom/parts.ts";
import { doubling, sealing, shelf, traced } from "./streaming-parts.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
const refused = defineErrors({ SAMPLE_PLAIN: { says: "It is plain: {markers}", cure: "Write it again." } });

async function codeOf(step: Promise<unknown>): Promise<unknown> {
  return step.then(
    (value) => value,
    (error: unknown) => (isMillraceError(error) ? error.code : error),
  );
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces).toString();
}

const stored = (value: StoredXCom): XComEnvelope => JSON.parse(JSON.stringify(value)) as XComEnvelope;

describe("a chooser", () => {
  const parts = { double: doubling(), seal: sealing(), shelf: shelf().place };
  /** Chooses by the first letter of the value. */
  const chooser: XComChooser = {
    kind: "chooser",
    name: "letters",
    marker: "_xcom_letters",
    parts: [parts.double, parts.seal, parts.shelf],
    async choose(head, sizeBytes) {
      const letter = Buffer.from(head).toString("utf8").replace('"', "")[0];
      const chosen = { a: [], b: [parts.double], c: [parts.double, parts.seal], d: [parts.seal, parts.shelf] }[letter];
      return {
        parts: chosen ?? [],
        envelope: { _xcom_letters: true, why: `it begins with ${letter}`, of: sizeBytes ?? 0 },
      };
    },
  };
  const chunks = shelf({ marker: "_xcom_other_shelf" }).place;

  test("has each value written by the parts that it chose, says why innermost, and what none took is as it was", async () => {
    const backend = xcomBackend([chooser]);
    const of = (letter: string) => ({ _xcom_letters: true, why: `it begins with ${letter}`, of: 4 });
    for (const [value, wanted] of [
      ["aa", '"aa"'],
      ["bb", { _xcom_doubled: true, inner: of("b"), data: expect.any(String) }],
      ["cc", { _xcom_sealed: true, sealed: expect.any(String), inner: { _xcom_doubled: true, inner: of("c") } }],
      ["dd", { _xcom_shelf: true, inner: { _xcom_sealed: true, inner: of("d") } }],
    ] as const) {
      const written = await backend.serialize(value, address);
      if (typeof wanted === "string") expect(written).toBe(wanted);
      else expect(written).toMatchObject(wanted);
      expect(await backend.deserialize(written, address)).toBe(value);
    }
  });

  test("chooses for streams and large values by their head", async () => {
    const backend = xcomBackend([chooser]);
    for (const letter of ["a", "b", "c", "d"]) {
      const text = `${letter}${"x".repeat(100_000)}`;
      async function* source() {
        yield text;
      }
      const { stored: written } = await backend.serializeStream(source(), address, { chunks });
      const call = { chunks };
      expect(JSON.stringify(written).includes(`it begins with ${letter}`)).toBe(true);
      expect(await readAll(backend.deserializeStream(stored(written), address, call))).toBe(text);
      const large = `${letter}${"y".repeat(5_000_000)}`;
      expect(
        await backend.deserialize(await backend.serialize(large, address), address, { sizeBytes: large.length }),
      ).toBe(large);
    }
  });

  test("and its parts read what they wrote when they are no writers any more", async () => {
    const written = await xcomBackend([chooser]).serialize("dd", address);
    expect(await xcomBackend([doubling()], { readers: [chooser] }).deserialize(written, address)).toBe("dd");
    expect(await codeOf(xcomBackend([sealing(), parts.shelf]).deserialize(written, address))).toBe(
      "XCOM_READER_MISSING",
    );
    expect(xcomBackend([chooser], { readers: [parts.seal] }).parts).toEqual([
      chooser,
      parts.double,
      parts.seal,
      parts.shelf,
    ]);
  });

  test("stands alone, has parts in an order that works, and chooses among them", async () => {
    for (const wrong of [
      () => xcomBackend([chooser, doubling()]),
      () => xcomBackend([{ ...chooser, parts: [parts.shelf, parts.seal] }]),
    ])
      expect(wrong).toThrow(expect.objectContaining({ code: "XCOM_STACK_INVALID" }));
    const choosing = (chosen: readonly (XComStage | XComPlace)[]) =>
      xcomBackend([{ ...chooser, choose: async () => ({ parts: chosen, envelope: { _xcom_letters: true } }) }]);
    for (const chosen of [[doubling()], [parts.shelf, parts.seal]])
      expect(await codeOf(choosing(chosen).serialize("x", address))).toBe("XCOM_STACK_INVALID");
  });

  test("that cannot choose is named, and what it was to choose for is let go", async () => {
    const lost = xcomBackend([{ ...chooser, choose: () => Promise.reject(new Error("no idea")) }]);
    const values = { part: "letters", did: "write", why: "no idea" };
    for (const value of ["x", "x".repeat(5_000_000)])
      await expect(lost.serialize(value, address)).rejects.toMatchObject({ code: "XCOM_PART_FAILED", values });
    const traces = { open: 0 };
    async function* source() {
      for (let n = 0; n < 3; n++) yield Buffer.alloc(300_000);
    }
    await expect(lost.serializeStream(traced(source(), traces), address, { chunks })).rejects.toMatchObject({ values });
    expect(traces.open).toBe(0);
  });

  test("whose envelope stands alone holds no value", async () => {
    expect(await codeOf(xcomBackend([chooser]).deserialize({ _xcom_letters: true, data: "IiI=" }, address))).toBe(
      "XCOM_CORRUPT",
    );
  });
});

describe("a stage that insists on being in every envelope", () => {
  const strict: XComStage = {
    ...sealing(),
    admit(markers) {
      if (!markers.includes("_xcom_sealed")) throw refused("SAMPLE_PLAIN", { markers: markers.join() });
    },
  };
  const { place } = shelf();
  const chunks = shelf({ marker: "_xcom_other_shelf" }).place;

  test("is asked for values and streams, in whatever envelope, and only where it writes", async () => {
    const plain = await xcomBackend().serialize("x", address);
    const doubled = await xcomBackend([doubling(), place]).serialize("x", address);
    const sealed = await xcomBackend([doubling(), strict, place]).serialize("x", address);
    const backend = xcomBackend([doubling(), strict, place]);
    expect(await codeOf(backend.deserialize(plain, address))).toBe("SAMPLE_PLAIN");
    expect(await codeOf(backend.deserialize(doubled, address))).toBe("SAMPLE_PLAIN");
    expect(await backend.deserialize(sealed, address)).toBe("x");
    const reader = xcomBackend([doubling(), place], { readers: [strict] });
    expect(await reader.deserialize(plain, address)).toBe("x");
    async function* source() {
      yield "stream";
    }
    const stream = stored((await xcomBackend([doubling()]).serializeStream(source(), address, { chunks })).stored);
    expect(await codeOf(readAll(backend.deserializeStream(stream, address, { chunks })))).toBe("SAMPLE_PLAIN");
  });
});

describe("envelopes that no backend writes", () => {
  const backend = xcomBackend([doubling(), shelf().place]);
  const nested = (depth: number): XComEnvelope => ({
    _xcom_doubled: true,
    data: "",
    ...(depth > 1 && { inner: nested(depth - 1) }),
  });
  test.each<[what: string, envelope: XComEnvelope, why: string]>([
    ["nested too deep", nested(17), "it has more than 16 envelopes"],
    [
      "with a place inside",
      { _xcom_doubled: true, data: "", inner: { _xcom_shelf: true, path: "p1" } },
      "a place is not its outermost envelope",
    ],
  ])("%s are corrupt", async (_, envelope, why) => {
    await expect(backend.deserialize(envelope, address)).rejects.toMatchObject({
      code: "XCOM_CORRUPT",
      values: { why },
    });
  });
});
