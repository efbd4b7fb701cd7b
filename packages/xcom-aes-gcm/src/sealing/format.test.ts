import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { XComAddress, XComEnvelope } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import {
  address,
  keyNamed,
  noise,
  type StoredValue,
  sealed,
  sealedStream,
  sourceOf,
  stageOf,
} from "../../test/samples.ts";
import { straightDecryption } from "../../test/straight-decryption.ts";
import { localKeyProvider } from "../keys/local-key-provider.ts";

const unusual: XComAddress = { dagId: "dég", runId: "r:1,", taskId: "a|b", mapIndex: 7, key: "日本 😀" };
const inner = { v: 1, _xcom_other: true, b: [1, { y: null, x: "é" }], Z: 0.5, inner: { a: 1 } };

/** Values of every form, with what is in them. */
async function everyForm(): Promise<
  { readonly stored: StoredValue; readonly value: Buffer; readonly at: XComAddress }[]
> {
  const stage = stageOf();
  const small = stageOf({}, { segmentBytes: 100 });
  const forms = [];
  for (const at of [address, unusual])
    for (const beneath of [undefined, inner])
      for (const size of [0, 1, 84, 85, 500]) {
        const value = noise(size);
        forms.push({ stored: await sealed(stage, value, at, beneath), value, at });
        forms.push({ stored: await sealedStream(small, sourceOf(value), at, beneath), value, at });
      }
  const large = noise(4_300_000);
  forms.push({ stored: await sealed(stage, large, address, inner), value: large, at: address });
  return forms;
}

test("what is written opens by the documented format, step by step, without this package", async () => {
  for (const { stored, value, at } of await everyForm()) {
    const { bytes, envelope } = stored;
    expect(Buffer.compare(straightDecryption(keyNamed("k1"), bytes, envelope, at), value)).toBe(0);
    expect(() => straightDecryption(keyNamed("k2"), bytes, envelope, at)).toThrow("another key");
  }
});

test("so does what is written with wrapped keys, once its key is unwrapped", async () => {
  const provider = localKeyProvider({ keys: [{ id: "w", key: keyNamed("w") }] });
  const { bytes, envelope } = await sealed(stageOf({ keys: provider }), noise(30));
  const found = await provider.findKey("w", Buffer.from(envelope.wrapped_key as string, "base64"));
  if (typeof found !== "object" || found.key instanceof Uint8Array) throw new Error("no key object");
  expect(straightDecryption(found.key.export(), bytes, envelope, address)).toEqual(noise(30));
});

test("values that were written once are read for ever", async () => {
  const file = new URL("../../test/fixtures/written-once.json", import.meta.url);
  const written = JSON.parse(readFileSync(file, "utf8")) as {
    bytes: string;
    envelope: XComEnvelope;
    address: XComAddress;
  }[];
  expect(written).toHaveLength(3);
  for (const { bytes, envelope, address: at } of written)
    expect(Buffer.from(await stageOf().read(Buffer.from(bytes, "base64"), envelope, at))).toEqual(noise(20));
});

test.skipIf(process.env.MILLRACE_SOAK !== "1")(
  "Python opens what is written, by the documented format alone",
  async () => {
    const forms = await everyForm();
    const key = Buffer.from(keyNamed("k1")).toString("hex");
    const lines = forms.map(({ stored, at }) =>
      JSON.stringify({ key, bytes: stored.bytes.toString("base64"), envelope: stored.envelope, address: at }),
    );
    const script = fileURLToPath(new URL("../../test/decrypt.py", import.meta.url));
    const { stdout, stderr } = spawnSync("python3", [script], {
      input: lines.join("\n"),
      encoding: "utf8",
      maxBuffer: 2 ** 27,
    });
    expect(stderr).toBe("");
    expect(stdout.split("\n").slice(0, -1)).toEqual(forms.map(({ value }) => value.toString("hex")));
  },
);
