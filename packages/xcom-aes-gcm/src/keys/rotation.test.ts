import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { address, keyNamed, noise, refusal, sealed, sealedStream, sourceOf, stageOf } from "../../test/samples.ts";
import { aesGcm } from "../aes-gcm.ts";
import type { KeyProvider } from "./key-provider.ts";

const [one, two] = [
  { id: "one", key: keyNamed("one") },
  { id: "two", key: keyNamed("two") },
];

test("the first key writes, all read; what another key wrote is stale", async () => {
  const before = await sealed(stageOf({ keys: [one] }), noise(50));
  const rotated = stageOf({ keys: [two, one] });
  const after = await sealed(rotated, noise(50));
  expect([before.envelope.key_id, after.envelope.key_id]).toEqual(["one", "two"]);
  for (const { bytes, envelope } of [before, after])
    expect(Buffer.from(await rotated.read(bytes, envelope, address))).toEqual(noise(50));
  expect([rotated.isStale(before.envelope), rotated.isStale(after.envelope)]).toEqual([true, false]);
});

test("a value whose key was removed is refused with the key's id, and nothing else is tried", async () => {
  const { bytes, envelope } = await sealed(stageOf({ keys: [one] }), noise(50));
  const { code, text } = await refusal(stageOf({ keys: [two] }).read(bytes, envelope, address));
  expect(code).toBe("XCOM_KEY_MISSING");
  expect(text).toContain('"one"');
  const asked: string[] = [];
  const keys: KeyProvider = {
    writingKeyId: () => "two",
    writingKey: () => two,
    findKey: (id) => {
      asked.push(id);
      return undefined;
    },
  };
  await refusal(stageOf({ keys }).read(bytes, envelope, address));
  expect(asked).toEqual(["one"]);
});

test("another key under the same id does not open a value, even if it is the right key under another id", async () => {
  const { bytes, envelope } = await sealed(stageOf({ keys: [one] }), noise(50));
  const swapped = stageOf({
    keys: [
      { id: "one", key: two.key },
      { id: "two", key: one.key },
    ],
  });
  expect((await refusal(swapped.read(bytes, envelope, address))).code).toBe("XCOM_DECRYPTION_FAILED");
  const renamed = { ...envelope, key_id: "two" };
  expect((await refusal(swapped.read(bytes, renamed, address))).code).toBe("XCOM_DECRYPTION_FAILED");
});

test("a key id that is hostile is named in a text that is safe to show", async () => {
  const { bytes, envelope } = await sealed(stageOf(), noise(50));
  for (const keyId of ["__proto__", "constructor", "\u001b[31mred\u202e", "x".repeat(256)]) {
    const { code, text } = await refusal(stageOf().read(bytes, { ...envelope, key_id: keyId }, address));
    expect(code).toBe("XCOM_KEY_MISSING");
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.length).toBeLessThan(500);
  }
});

test("a key encrypts as many values in a process as its limit says, over all stages; reading goes on", async () => {
  const keys = [{ id: `limited-${process.pid}`, key: randomBytes(32) }];
  const warnings: string[] = [];
  const listen = (warning: Error & { code?: string }) =>
    warning.code === "XCOM_KEY_WEARS_OUT" && warnings.push(warning.message);
  process.on("warning", listen);
  const limited = () => stageOf({ keys }, { keyLimits: { warnAt: 3, refuseAt: 5 } });
  const first = await sealed(limited(), noise(10));
  await sealedStream(limited(), sourceOf(noise(10)));
  for (let n = 0; n < 3; n++) await sealed(limited(), noise(10));
  for (const attempt of [sealed(limited(), noise(10)), sealedStream(limited(), sourceOf(noise(10)))])
    expect((await refusal(attempt)).code).toBe("XCOM_KEY_EXHAUSTED");
  expect(Buffer.from(await limited().read(first.bytes, first.envelope, address))).toEqual(noise(10));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(warnings).toHaveLength(1);
});

test("no way of looking at a stage shows a key", async () => {
  const secrets = [keyNamed("one"), keyNamed("two")].flatMap((key) => [
    Buffer.from(key).toString("hex"),
    Buffer.from(key).toString("base64"),
    Buffer.from(key).toString("latin1"),
    [...key].join(","),
    [...key].join(", "),
  ]);
  const passphrase = "correct horse battery staple";
  const stage = aesGcm({
    keys: [{ id: "one", key: Buffer.from(one.key).toString("hex") }, two, { id: "p", key: passphrase }],
  });
  const value = await stage.write(noise(10), address, undefined);
  const texts = [
    inspect(stage, { depth: 20, showHidden: true, getters: true, maxArrayLength: null }),
    JSON.stringify(stage),
    JSON.stringify(value?.envelope),
    String(stage),
    await refusal(stage.read(noise(10), value?.envelope ?? {}, address)).then(({ text }) => text),
  ];
  for (const text of texts) for (const secret of [...secrets, passphrase]) expect(text).not.toContain(secret);
  expect(() => structuredClone(stage)).toThrow(/could not be cloned/);
});
