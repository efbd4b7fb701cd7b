import { createCipheriv } from "node:crypto";
import {
  coreError,
  isMillraceError,
  isPluginManifest,
  type StoredXCom,
  type XComChoice,
  type XComChooser,
  type XComEnvelope,
  type XComStage,
  xcomBackend,
} from "@millrace/core/plugin";
import fc from "fast-check";
import { expect, test } from "vitest";
import makeHybrid, { type HybridOptions, hybrid, manifest } from "../src/index.ts";
import { address, shelf, squeezing, veiling } from "./part-doubles.ts";

const parts = () => ({ compress: squeezing(), encrypt: veiling(), place: shelf().place });

function choose(options: HybridOptions, text: string, sizeBytes?: number | "stream") {
  const bytes = new TextEncoder().encode(text);
  return hybrid(options).choose(bytes, sizeBytes === "stream" ? undefined : (sizeBytes ?? bytes.length), address);
}

test("its envelope says what was chosen and why", async () => {
  const rows = JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, city: "Kassel" })));
  expect((await choose(parts(), rows)).envelope).toEqual({
    _xcom_hybrid: true,
    v: 1,
    method: "compress+place",
    reason: "compresses, large",
    estimated_ratio: expect.closeTo(0.14, 1),
    sensitive: false,
  });
  expect((await choose(parts(), '{"password":"hunter2"}')).envelope).toEqual({
    _xcom_hybrid: true,
    v: 1,
    method: "encrypt",
    reason: "contains a sensitive keyword, small",
    sensitive: true,
  });
});

test("parts are handed on as they were given, in their order; nothing else is chosen", async () => {
  const { compress, encrypt, place } = parts();
  const chooser = hybrid({ compress, encrypt, place });
  expect(chooser.parts).toEqual([compress, encrypt, place]);
  const choice = await choose({ compress, encrypt, place }, `"${"secret words ".repeat(100_000)}"`);
  expect(choice.parts).toEqual([compress, encrypt]);
  expect((await choose({ compress, encrypt, place }, "[1]")).parts).toEqual([]);
  expect(hybrid().parts).toEqual([]);
  expect(makeHybrid).toBe(hybrid);
});

test("a value that is not seen as a whole is encrypted if it can be, and kept outside if it can be", async () => {
  const head = JSON.stringify(Array.from({ length: 3_000 }, (_, n) => `row ${n}`));
  expect((await choose(parts(), head, "stream")).envelope.method).toBe("compress+encrypt+place");
  expect((await choose(parts(), head, 5_000_000)).envelope.method).toBe("compress+encrypt+place");
  expect((await choose({ compress: squeezing() }, head, "stream")).envelope.method).toBe("compress");
  expect((await choose({ place: shelf().place }, head, "stream")).envelope.method).toBe("place");
});

test("an envelope shows nothing of a value that is encrypted", async () => {
  const values = fc.tuple(fc.constantFrom("password", "ssn"), fc.base64String({ minLength: 20, maxLength: 4_000 }));
  await fc.assert(
    fc.asyncProperty(values, async ([word, content]) => {
      const { envelope } = await choose(parts(), JSON.stringify({ [word]: content }));
      const text = JSON.stringify(envelope);
      expect(text).not.toContain(word);
      expect(text).not.toContain(content.slice(0, 20));
    }),
  );
});

test("every choice is read back by the parts alone, whatever the options and the value are", async () => {
  const arbitraryValue = fc.oneof(
    fc.string({ maxLength: 3_000 }),
    fc.tuple(fc.string({ maxLength: 50 }), fc.nat({ max: 3_000 })).map(([text, times]) => text.repeat(times)),
    fc.uint8Array({ maxLength: 3_000 }),
    fc.dictionary(fc.constantFrom("password", "rows", "id"), fc.array(fc.nat(), { maxLength: 500 })),
  );
  const arbitraryOptions = fc.record({
    has: fc.record({ compress: fc.boolean(), encrypt: fc.boolean(), place: fc.boolean() }),
    inlineBytes: fc.constantFrom(0, 100, 1_024),
    offloadBytes: fc.constantFrom(1_024, 4_096, 65_536),
    minGain: fc.constantFrom(0, 0.1, 0.5),
  });
  await fc.assert(
    fc.asyncProperty(arbitraryValue, arbitraryOptions, async (value, { has, ...limits }) => {
      const given = Object.fromEntries(Object.entries(parts()).filter(([name]) => has[name as keyof typeof has]));
      const chooser = hybrid({ ...given, ...limits });
      const plain = (await xcomBackend([]).serialize(value, address)) as string;
      const bytes = new TextEncoder().encode(plain);
      const before = Uint8Array.from(bytes);
      const choice = await chooser.choose(bytes, bytes.length, address);
      expect(Buffer.compare(bytes, before)).toBe(0);
      expect(chooser.parts).toEqual(expect.arrayContaining([...choice.parts]));
      expect(await writtenAndRead(value, chooser, choice)).toEqual(value);
    }),
    { numRuns: 200 },
  );
});

const noise = Buffer.from(
  createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(90_000)),
);
// In base64 text of this length the shorter keywords occur by chance.
const incompressible = noise.toString("base64").replaceAll(/[ks]/gi, "a");

test.each([
  ["inline", { city: "Kassel" }],
  ["encrypt", { password: "hunter2" }],
  ["compress", { rows: Array(500).fill("Kassel") }],
  ["compress+encrypt", { secret: Array(500).fill("Kassel") }],
  ["place", incompressible],
  ["encrypt+place", ["ssn", incompressible]],
  ["compress+place", Array.from(noise)],
  ["compress+encrypt+place", { token: Array.from(noise) }],
])("%s is chosen for a value that calls for it, and it comes back", async (method, value) => {
  const chooser = hybrid({ ...parts(), minGain: 0.4 });
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const choice = await chooser.choose(bytes, bytes.length, address);
  expect(choice.envelope.method).toBe(method);
  // The value was tried, and how well it would compress is not told of what is only encrypted.
  expect("estimated_ratio" in choice.envelope).toBe(method.includes("compress") || method === "place");
  expect(await writtenAndRead(value, chooser, choice)).toEqual(value);
});

test.each<[string, object, string]>([
  ["a stage where a place belongs", { place: squeezing() }, "place: a live place is expected"],
  [
    "an encrypting stage that is to compress",
    { compress: veiling() },
    "compress: a live stage with the effect 'compress'",
  ],
  ["the name of a package", { compress: "@millrace/xcom-gzip" }, "compress: a live stage"],
  ["an option that it does not have", { offload: 5 }, "offload"],
  ["sizes that contradict each other", { inlineBytes: 2_048, offloadBytes: 1_024 }, "offloadBytes is 1024"],
  ["sensitive values without encryption", { sensitive: { dags: ["payroll"] } }, "it needs 'encrypt'"],
  ["a gain of more than everything", { minGain: 2 }, "minGain"],
  ["a sample without an end", { sampleBytes: 1e9 }, "sampleBytes"],
  [
    "an empty keyword, which would be found everywhere",
    { encrypt: veiling(), sensitive: { keywords: [""] } },
    "keywords",
  ],
])("%s is refused with what is expected", (_, options, text) => {
  let error: unknown;
  try {
    hybrid(options as HybridOptions);
  } catch (thrown) {
    error = thrown;
  }
  expect(isMillraceError(error, "XCOM_HYBRID_OPTIONS_INVALID")).toBe(true);
  expect((error as Error).message).toContain(text);
});

test("everything may be encrypted", async () => {
  expect((await choose({ encrypt: veiling(), sensitive: "always" }, "[1]")).envelope).toMatchObject({
    method: "encrypt",
    reason: "everything is encrypted, small",
  });
});

test("a compressing stage that fails at the sample is told as one that fails at the value", async () => {
  const failing = (error: Error): XComStage => ({ ...squeezing(), write: () => Promise.reject(error) });
  const plain = choose({ compress: failing(new Error("out of order")) }, "x".repeat(2_000));
  await expect(plain).rejects.toMatchObject({
    code: "XCOM_PART_FAILED",
    message: expect.stringContaining("squeezing"),
  });
  const coded = coreError("XCOM_TOO_DEEP", { limit: 1, path: "$" });
  await expect(choose({ compress: failing(coded) }, "x".repeat(2_000))).rejects.toBe(coded);
});

test("the manifest takes live parts and makes the same chooser", () => {
  const compress = squeezing();
  const context = { home: "/nowhere", baseDir: "/nowhere", env: {} };
  expect(isPluginManifest(manifest)).toBe(true);
  const checked = manifest.options["~standard"].validate({ compress, inlineBytes: 100 });
  if (checked instanceof Promise || checked.issues) throw new Error("refused");
  const chooser = manifest.create(checked.value, context);
  expect(chooser.parts).toEqual([compress]);
  expect(chooser.marker).toBe(manifest.marker);
  const parse = manifest.env?.[0]?.parse;
  expect(parse?.("4096")).toBe(4_096);
  expect(() => parse?.("4 KB")).toThrow("whole number");
});

/** Writes by the chooser and reads by its parts alone, as after a restart under another configuration. */
async function writtenAndRead(value: unknown, chooser: XComChooser, { envelope, parts: chosen }: XComChoice) {
  const stored = JSON.parse(JSON.stringify(await xcomBackend([chooser]).serialize(value, address))) as StoredXCom;
  if (typeof stored === "string") expect(chosen.filter(({ marker }) => marker !== "_xcom_squeezed")).toEqual([]);
  else expect(innermost(stored)).toEqual(envelope);
  return xcomBackend([], { readers: [...chooser.parts, hybrid()] }).deserialize(stored, address);
}

function innermost(envelope: XComEnvelope): XComEnvelope {
  return envelope.inner ? innermost(envelope.inner as XComEnvelope) : envelope;
}
