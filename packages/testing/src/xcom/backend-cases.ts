import { isMillraceError, type StoredXCom, type XComBackend, type XComPlace, xcomBackend } from "@millrace/core/plugin";
import fc from "fast-check";
import { expect } from "vitest";
import { arbitraryHostileId } from "../arbitraries/hostile-id.ts";
import { arbitraryXComValue } from "../arbitraries/xcom-value.ts";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { expectBytes } from "./part-promises.ts";
import { addressOf, randomBytes, textOf } from "./sample-bytes.ts";
import { refusedValues, sampleValues } from "./sample-values.ts";
import { cuts, joined, watchedSource } from "./stream-source.ts";

type Envelope = Exclude<StoredXCom, string>;

/** What the suite is given for each of its tests. */
export interface XComBackendUnderTest {
  readonly backend: XComBackend;
  /** Where streams stay that no place of the backend takes. */
  readonly chunks: XComPlace;
  /** A backend of the same parts, made anew, as the next process would. */
  reopened(): XComBackend | Promise<XComBackend>;
  /** How many values are kept outside of the store; for a backend with a place. */
  count?(): number | Promise<number>;
  /** Called when the test is over. */
  cleanup?(): void | Promise<void>;
}

const address = addressOf("rows");

/** As it comes back from the store. */
function fromStore(stored: StoredXCom): StoredXCom {
  if (typeof stored === "string") return `${stored}`;
  const text = JSON.stringify(stored);
  const again = JSON.parse(text) as Envelope;
  expect(again, "an envelope is plain JSON").toEqual(stored);
  return again;
}

async function kept(backend: XComBackend, value: unknown, at = address): Promise<StoredXCom> {
  return fromStore(await backend.serialize(value, at));
}

/** Its error has a code and shows nothing of the value. */
async function codeOf(read: Promise<unknown>, what: string): Promise<string> {
  const error: unknown = await read.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isMillraceError(error), `${what}: refused by an error with a code, not ${String(error)}`).toBe(true);
  const { code, message } = error as { code: string; message: string };
  expect(message, `${what}: the error shows no value`).not.toContain("all work and no play");
  return code;
}

async function keptStream({ backend, chunks }: XComBackendUnderTest, bytes: Uint8Array, cut = cuts[0], at = address) {
  const source = watchedSource(bytes, cut as readonly number[]);
  const { stored, sizeBytes } = await backend.serializeStream(source, at, { chunks });
  expect(sizeBytes).toBe(bytes.length);
  return fromStore(stored) as Envelope;
}

/** Large whatever is done to it: no stage makes it small, and no place may leave it to the store. */
const large = `all work and no play ${Buffer.from(randomBytes(60_000, 1)).toString("hex")}`;

export const backendCases: readonly ConformanceCase<XComBackendUnderTest>[] = [
  ...sampleValues.map(([what, make]) => ({
    name: `gives back ${what}, also to the next process`,
    async run({ backend, reopened }: XComBackendUnderTest) {
      const stored = await kept(backend, make());
      const text = await xcomBackend().serialize(make(), address);
      const call = { sizeBytes: Buffer.byteLength(text as string) };
      expect(await backend.deserialize(stored, address, call)).toEqual(make());
      expect(await backend.deserializeText(stored, address)).toBe(text);
      expect(await (await reopened()).deserialize(stored, address)).toEqual(make());
    },
  })),
  ...refusedValues.map(([what, make]) => ({
    name: `refuses ${what}, and leaves nothing behind`,
    async run({ backend, count }: XComBackendUnderTest) {
      await expect((async () => backend.serialize(make(), address))()).rejects.toMatchObject({
        code: "XCOM_UNSUPPORTED",
      });
      if (count) expect(await count()).toBe(0);
    },
  })),
  {
    name: "gives back whatever values there are",
    async run({ backend }) {
      await fc.assert(
        fc.asyncProperty(arbitraryXComValue(), async (value) => {
          expect(await backend.deserialize(await kept(backend, value), address)).toEqual(value);
        }),
        { numRuns: 40, seed: 5 },
      );
    },
  },
  ...[0, 1, 65_536, 262_145, 1_048_577, 5_300_000].map((size) => ({
    name: `gives back a stream of ${size} bytes, however it is cut, also to the next process`,
    async run(subject: XComBackendUnderTest) {
      const { backend, chunks, reopened } = subject;
      for (const [n, bytes] of [textOf(size), randomBytes(size, size + 1)].entries()) {
        const stored = await keptStream(subject, bytes, cuts[n + (size % 2)]);
        expectBytes(await joined(backend.deserializeStream(stored, address, { chunks })), bytes, `${size} bytes`);
        const again = (await reopened()).deserializeStream(stored, address, { chunks });
        expectBytes(await joined(again), bytes, `${size} bytes, in the next process`);
      }
    },
  })),
  {
    name: "knows a stream from a value, and says how each is read",
    async run(subject) {
      const { backend, chunks } = subject;
      const stream = await keptStream(subject, textOf(5_000));
      const value = await kept(backend, large);
      expect(await codeOf(backend.deserialize(stream, address), "a stream as a value")).toBe("XCOM_WRONG_KIND");
      if (typeof value === "string") return;
      const read = joined(backend.deserializeStream(value, address, { chunks }));
      expect(await codeOf(read, "a value as a stream")).toBe("XCOM_WRONG_KIND");
    },
  },
  {
    name: "a stream whose source breaks leaves nothing behind, and its own error is told",
    async run({ backend, chunks, count }) {
      const broken = new Error("the pipe broke");
      const source = watchedSource(textOf(2_000_000), [100_000], broken);
      await expect(backend.serializeStream(source, address, { chunks })).rejects.toBe(broken);
      expect(source.isOver).toBe(true);
      if (count) expect(await count()).toBe(0);
    },
  },
  {
    name: "many values and streams at a time do not mix",
    async run(subject) {
      const { backend, chunks } = subject;
      const values = Array.from({ length: 12 }, (_, n) => `${n} `.repeat(3_000 + n));
      const all = await Promise.all(
        values.map(async (value, n) => ({
          value: await kept(backend, value, addressOf(`v${n}`)),
          stream: await keptStream(subject, Buffer.from(value), cuts[n % cuts.length], addressOf(`s${n}`)),
        })),
      );
      await Promise.all(
        all.map(async ({ value, stream }, n) => {
          expect(await backend.deserialize(value, addressOf(`v${n}`))).toBe(values[n]);
          const read = await joined(backend.deserializeStream(stream, addressOf(`s${n}`), { chunks }));
          expect(Buffer.from(read).toString()).toBe(values[n]);
        }),
      );
    },
  },
  {
    name: "two attempts that write one key keep both values; one that is purged takes nothing of the other with it",
    async run({ backend, count }) {
      const [first, second] = await Promise.all([kept(backend, `${large}1`), kept(backend, `${large}2`)]);
      expect(await backend.deserialize(first, address)).toBe(`${large}1`);
      await backend.purge(first, address);
      await backend.purge(first, address);
      expect(await backend.deserialize(second, address)).toBe(`${large}2`);
      if (!count) return;
      expect(await count()).toBe(1);
      await codeOf(backend.deserialize(first, address), "what was purged");
    },
  },
  {
    name: "what is purged of a stream is gone",
    async run(subject) {
      const { backend, chunks } = subject;
      const stored = await keptStream(subject, randomBytes(300_000, 2));
      await backend.purge(stored, address, { chunks });
      await codeOf(joined(backend.deserializeStream(stored, address, { chunks })), "what was purged");
    },
  },
  {
    name: "hostile addresses keep apart: each is refused by an error with a code, or has its own value",
    async run({ backend }) {
      const ids = [...new Set(fc.sample(arbitraryHostileId(), { seed: 11, numRuns: 60 }))];
      const all: { readonly at: typeof address; readonly stored: StoredXCom; readonly value: string }[] = [];
      for (const [n, id] of ids.entries()) {
        const field = (["dagId", "runId", "taskId", "key"] as const)[n % 4] as "key";
        const at = { ...address, [field]: id };
        const value = `${n} ${large.slice(0, 8_000)}`;
        try {
          all.push({ at, stored: await kept(backend, value, at), value });
        } catch (error) {
          if (!isMillraceError(error)) throw error;
        }
      }
      for (const { at, stored, value } of all) expect(await backend.deserialize(stored, at)).toBe(value);
    },
  },
  {
    name: "a stored form that was altered in any field gives an error with a code, or the right value",
    async run({ backend }) {
      const stored = await kept(backend, large);
      const tried: (readonly [string, StoredXCom])[] = [];
      if (typeof stored === "string") tried.push(["cut", stored.slice(0, -1)], ["of nothing", ""]);
      else for (const [path, altered] of alterations(stored)) tried.push([path, altered]);
      expect(tried.length).toBeGreaterThan(0);
      for (const [what, altered] of tried) {
        const found = await backend.deserialize(altered, address).catch(() => undefined);
        if (found === undefined) await codeOf(backend.deserialize(altered, address), what);
        else expect(found === large, `${what}: the right value`).toBe(true);
      }
    },
  },
  {
    name: "values that another stack wrote are refused by their marker, and never given as they are stored",
    async run({ backend }) {
      const foreign = { _xcom_of_somebody_else: true, data: "IiI=" };
      expect(await codeOf(backend.deserialize(foreign, address), "a foreign envelope")).toBe("XCOM_READER_MISSING");
      const stored = await kept(backend, large);
      if (typeof stored === "string") return;
      expect(await codeOf(xcomBackend().deserialize(stored, address), "with no part")).toBe("XCOM_READER_MISSING");
      const inside = { ...stored, inner: foreign };
      const code = await codeOf(backend.deserialize(inside, address), "a foreign envelope inside");
      expect(code).not.toBe("XCOM_UNSUPPORTED");
    },
  },
];

/** The envelope with each of its fields, at every depth, left out or altered, one at a time. */
function* alterations(envelope: Envelope, path = ""): Generator<readonly [string, Envelope]> {
  for (const field of Object.keys(envelope)) {
    const { [field]: value, ...rest } = envelope;
    const at = `${path}${field}`;
    yield [`without ${at}`, rest];
    for (const other of [null, "", -1, "AAAA", [], typeof value === "string" ? value.slice(0, -4) : 1e9])
      yield [`${at} is ${JSON.stringify(other).slice(0, 40)}`, { ...rest, [field]: other }];
    if (field === "inner")
      for (const [what, inner] of alterations(value as Envelope, `${at}.`)) yield [what, { ...rest, inner }];
  }
}
