import { type XComStage, xcomBackend } from "@millrace/core/plugin";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { damaged, expectBytes, expectNamed, expectRefusal, largeText, storedEnvelope } from "./part-promises.ts";
import { addressOf, randomBytes, sampleBytes } from "./sample-bytes.ts";

/** What the suite is given for each of its tests. */
export interface XComStageUnderTest {
  readonly stage: XComStage;
  /** False for a stage that handles no streams. Default: it does. */
  readonly streams?: boolean;
  /** Called when the test is over. */
  cleanup?(): void | Promise<void>;
}

const address = addressOf("rows");
const inner = { _xcom_other: true, v: 1, checksum: "abc" } as const;

/** What the stage makes of bytes, as it comes back from the store. */
async function written(stage: XComStage, bytes: Uint8Array, what = "what is written") {
  const result = await stage.write(bytes, address, undefined);
  if (!result) return undefined;
  return { bytes: result.bytes, envelope: storedEnvelope(result.envelope, stage.marker, what) };
}

async function writtenLargeText(stage: XComStage) {
  const result = await written(stage, largeText());
  expect(result, "10 KB of text that repeats itself are not declined").toBeDefined();
  return result as NonNullable<typeof result>;
}

export const stageCases: readonly ConformanceCase<XComStageUnderTest>[] = [
  {
    name: "says what it is",
    run({ stage }) {
      expectNamed(stage);
      expect(stage.kind).toBe("stage");
      expect(["compress", "encrypt", "other"]).toContain(stage.effect);
      expect(stage.bytesField).toMatch(/^[a-z][a-z0-9_]*$/);
    },
  },
  {
    name: "gives every value back that it does not decline, of every size from nothing to 5 MiB",
    async run({ stage }) {
      let applied = 0;
      for (const { what, bytes } of sampleBytes()) {
        const before = Uint8Array.from(bytes);
        const result = await written(stage, bytes, what);
        expectBytes(bytes, before, `${what}: the input is left alone`);
        if (!result) continue;
        applied++;
        expect(Object.keys(result.envelope)).not.toContain(stage.bytesField);
        expectBytes(await stage.read(result.bytes, result.envelope, address), bytes, what);
      }
      expect(applied, "it is of use for some of them").toBeGreaterThan(0);
    },
  },
  {
    name: "works in a backend, alone and on top of itself, for every kind of value",
    async run({ stage }) {
      const other: XComStage = { ...stage, marker: `${stage.marker}_again`, name: `${stage.name}-again` };
      const again: XComStage = {
        ...other,
        async write(...args) {
          const result = await stage.write(...args);
          return result && { ...result, envelope: { ...result.envelope, [stage.marker]: false, [other.marker]: true } };
        },
        read: (bytes, envelope, at) => stage.read(bytes, { ...envelope, [stage.marker]: true }, at),
      };
      const values = [
        null,
        0,
        "x".repeat(3_000),
        { rows: Array.from({ length: 300 }, (_, n) => ({ n })) },
        new Date(0),
      ];
      for (const backend of [xcomBackend([stage]), xcomBackend([stage, again])])
        for (const value of values) {
          const stored = JSON.parse(JSON.stringify(await backend.serialize(value, address))) as string;
          expect(await backend.deserialize(stored, address)).toEqual(value);
        }
    },
  },
  {
    name: "knows the envelope beneath: with it or without it, what was written is read",
    async run({ stage }) {
      const result = await stage.write(largeText(), address, inner);
      expect(result, "10 KB of text that repeats itself are not declined").toBeDefined();
      if (!result) return;
      const envelope = { ...storedEnvelope(result.envelope, stage.marker, "over another"), inner };
      expectBytes(await stage.read(result.bytes, envelope, address), largeText(), "over another");
    },
  },
  {
    name: "bytes that were altered, cut or added to are refused by an error with a code that shows no value",
    async run({ stage }) {
      const result = await writtenLargeText(stage);
      for (const { how, bytes } of damaged(result.bytes))
        await expectRefusal(stage.read(bytes, result.envelope, address), how);
    },
  },
  {
    name: "an envelope that lacks or alters a field is refused by an error with a code, or the bytes are right all the same",
    async run({ stage }) {
      const result = await writtenLargeText(stage);
      for (const field of Object.keys(result.envelope)) {
        const { [field]: value, ...rest } = result.envelope;
        for (const other of [undefined, null, "", "AAAA", -1, 1e9, {}, typeof value === "string" ? `${value}A` : "1"]) {
          const envelope = other === undefined ? rest : { ...rest, [field]: other };
          const what = `${field} is ${JSON.stringify(other)}`;
          const read = stage.read(result.bytes, envelope, address);
          const found = await read.catch(() => undefined);
          if (found) expectBytes(found, largeText(), what);
          else await expectRefusal(stage.read(result.bytes, envelope, address), what);
        }
      }
    },
  },
  {
    name: "bytes that it did not make are refused by an error with a code",
    async run({ stage }) {
      const result = await writtenLargeText(stage);
      await expectRefusal(stage.read(randomBytes(300, 1), result.envelope, address), "random bytes");
      await expectRefusal(stage.read(largeText(), result.envelope, address), "bytes that it never touched");
      await expectRefusal(stage.read(result.bytes, {}, address), "no envelope at all");
    },
  },
  {
    name: "many values at a time do not mix",
    async run({ stage }) {
      const values = Array.from({ length: 20 }, (_, n) => new TextEncoder().encode(`"${`${n} `.repeat(1_000 + n)}"`));
      const results = await Promise.all(values.map((bytes, n) => stage.write(bytes, addressOf(`k${n}`), undefined)));
      await Promise.all(
        results.map(async (result, n) => {
          if (!result) return;
          const read = await stage.read(result.bytes, result.envelope, addressOf(`k${n}`));
          expectBytes(read, values[n] as Uint8Array, `value ${n}`);
        }),
      );
    },
  },
];
