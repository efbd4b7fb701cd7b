import { createCipheriv } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StoredXCom, type XComEnvelope, xcomBackend } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hybrid } from "../src/index.ts";
import { address } from "./part-doubles.ts";

const keys = [{ id: "k1", key: Buffer.alloc(32, 5).toString("base64") }];
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "millrace-hybrid-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const chooser = () => hybrid({ compress: gzip(), encrypt: aesGcm({ keys }), place: file({ dir }) });
const backend = () => xcomBackend([chooser()]);
const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, city: "Kassel", amount: (id * 7919) % 1_000 }));

/** Markers from the outside in, and what the chooser said. */
function layersOf(stored: StoredXCom): { readonly markers: readonly string[]; readonly choice: XComEnvelope } {
  const markers: string[] = [];
  let envelope = stored as XComEnvelope;
  for (; ; envelope = envelope.inner as XComEnvelope) {
    markers.push(Object.keys(envelope).find((field) => field.startsWith("_xcom_")) as string);
    if (!envelope.inner) return { markers, choice: envelope };
  }
}

test.each([
  ["rows", { orders: rows(1_000) }, ["_xcom_compressed", "_xcom_hybrid"], "compress"],
  ["many rows", rows(100_000), ["_xcom_file_backend", "_xcom_compressed", "_xcom_hybrid"], "compress+place"],
  ["a password", { password: "hunter2" }, ["_xcom_encrypted", "_xcom_hybrid"], "encrypt"],
  [
    "many rows and a token",
    { token: "hunter2", rows: rows(100_000) },
    ["_xcom_file_backend", "_xcom_encrypted", "_xcom_compressed", "_xcom_hybrid"],
    "compress+encrypt+place",
  ],
])("%s: the parts that it chose have written it, and it is read back", async (_, value, markers, method) => {
  const stored = await backend().serialize(value, address);
  const layers = layersOf(stored);
  expect(layers.markers).toEqual(markers);
  expect(layers.choice).toMatchObject({ method, sensitive: method.includes("encrypt") });
  expect(await backend().deserialize(JSON.parse(JSON.stringify(stored)), address)).toEqual(value);
});

test("what the compressing part declines is not given to it", async () => {
  const random = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(20_000));
  // It shrinks by a quarter, which base64 in the store takes back.
  const noise = Buffer.from(JSON.stringify(random.toString("base64")));
  expect(await gzip().write(noise, address, undefined)).toBeUndefined();
  const { envelope } = await hybrid({ compress: gzip() }).choose(noise, noise.length, address);
  expect(envelope).toMatchObject({ method: "inline", reason: "does not compress enough", estimated_ratio: 1 });
});

test("what comes after the first 64 KiB of a stream is never written as it is, nor of a value above 4 MiB", async () => {
  const harmless = JSON.stringify(rows(5_000));
  const secret = "hunter2-hunter2-hunter2";
  async function* pieces() {
    yield harmless;
    yield `{"password":"${secret}"}`;
  }
  const { stored } = await backend().serializeStream(pieces(), address);
  expect(layersOf(stored).markers.slice(0, 2)).toEqual(["_xcom_file_backend", "_xcom_encrypted"]);
  const large = { rows: rows(120_000), password: secret };
  const value = await xcomBackend([hybrid({ encrypt: aesGcm({ keys }), place: file({ dir }) })]).serialize(
    large,
    address,
  );
  expect(layersOf(value).choice).toMatchObject({
    method: "encrypt+place",
    reason: "cannot be looked at as a whole, large",
  });

  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toHaveLength(2);
  for (const { parentPath, name } of files) {
    const text = readFileSync(join(parentPath, name)).toString("latin1");
    expect(text).not.toContain(secret);
    expect(text).not.toContain("Kassel");
  }
  const read: Uint8Array[] = [];
  for await (const piece of backend().deserializeStream(stored, address)) read.push(piece);
  expect(Buffer.concat(read).toString()).toBe(`${harmless}{"password":"${secret}"}`);
});

test("nothing depends on what the envelope claims: a lie changes nothing, and beneath encryption it is found out", async () => {
  const lies = { method: "inline", reason: "none", sensitive: false, estimated_ratio: -1, v: 99, parts: ["x"] };
  const told = (stored: XComEnvelope): XComEnvelope =>
    stored._xcom_hybrid === true ? { ...stored, ...lies } : { ...stored, inner: told(stored.inner as XComEnvelope) };
  const value = { orders: rows(1_000) };
  const plain = (await backend().serialize(value, address)) as XComEnvelope;
  expect(await backend().deserialize(told(plain), address)).toEqual(value);
  const sealed = (await backend().serialize({ token: "t", ...value }, address)) as XComEnvelope;
  await expect(backend().deserialize(told(sealed), address)).rejects.toMatchObject({ code: "XCOM_DECRYPTION_FAILED" });
});
