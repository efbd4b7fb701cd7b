import { createDecipheriv } from "node:crypto";
import { MillraceError } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { address, keyNamed, noise, refusal, sealed, stageOf } from "../../test/samples.ts";
import { type EnvelopeKeyOptions, envelopeKeyProvider, type KeyWrapper } from "./envelope-key-provider.ts";
import type { KeyProvider } from "./key-provider.ts";
import { localKeyProvider } from "./local-key-provider.ts";

/** A key service that counts what it is asked, and fails when it is told to. */
function service() {
  const asked = { wrap: 0, unwrap: 0 };
  const state: { failure?: unknown; id: string } = { id: "arn:aws:kms:eu-central-1:1:key/a b" };
  const mask = (bytes: Uint8Array) => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
  const wrapper: KeyWrapper = {
    writingKeyId: () => state.id,
    async wrap(dataKey) {
      asked.wrap++;
      if (state.failure) throw state.failure;
      return mask(dataKey);
    },
    async unwrap(id, wrapped) {
      asked.unwrap++;
      if (state.failure) throw state.failure;
      if (id !== state.id) return undefined;
      return wrapped.length === 32 ? mask(wrapped) : "altered";
    },
  };
  return { asked, state, wrapper };
}

function clockAt(now = 0) {
  return { at: now, now: () => 0 };
}

function stageWith(wrapper: KeyWrapper, options: Omit<EnvelopeKeyOptions, "wrapper"> = {}) {
  const clock = clockAt();
  clock.now = () => clock.at;
  return { clock, stage: stageOf({ keys: envelopeKeyProvider({ wrapper, clock, ...options }) }) };
}

test("values carry the wrapped data key and are read by asking the service for it; a restart loses nothing", async () => {
  const { wrapper, asked } = service();
  const { bytes, envelope } = await sealed(stageWith(wrapper).stage, noise(50));
  expect(Buffer.from(envelope.wrapped_key as string, "base64")).toHaveLength(32);
  const { stage } = stageWith(wrapper);
  for (let n = 0; n < 3; n++) expect(Buffer.from(await stage.read(bytes, envelope, address))).toEqual(noise(50));
  expect(asked).toEqual({ wrap: 1, unwrap: 1 });
});

test("a data key encrypts so many values for so long, also when many are written at once", async () => {
  const { wrapper, asked } = service();
  const { stage, clock } = stageWith(wrapper, { maxMessages: 3, maxAgeMs: 1_000 });
  const wrappedKeys = async (count: number) => {
    const all = await Promise.all(Array.from({ length: count }, () => sealed(stage, noise(5))));
    return all.map(({ envelope }) => envelope.wrapped_key);
  };
  const seven = await wrappedKeys(7);
  expect(new Set(seven).size).toBe(3);
  expect(asked.wrap).toBe(3);
  clock.at = 999;
  await wrappedKeys(1);
  expect(asked.wrap).toBe(3);
  clock.at = 1_000;
  await wrappedKeys(1);
  expect(asked.wrap).toBe(4);
});

test("keys of read values are kept for so long, and so many of them", async () => {
  const { wrapper, asked } = service();
  const { stage, clock } = stageWith(wrapper, { maxMessages: 1, maxAgeMs: 1_000, maxKept: 2 });
  const values = [await sealed(stage, noise(5)), await sealed(stage, noise(5)), await sealed(stage, noise(5))];
  const read = async (n: number) => {
    const { bytes, envelope } = values[n] as (typeof values)[number];
    await stage.read(bytes, envelope, address);
    return asked.unwrap;
  };
  expect([await read(0), await read(1), await read(0), await read(1)]).toEqual([1, 2, 2, 2]);
  expect([await read(2), await read(1), await read(0)]).toEqual([3, 3, 4]);
  clock.at = 1_000;
  expect(await read(0)).toBe(5);
});

test("a service that has a new key writes with it from the next value on, and what the old one wrote is stale", async () => {
  const { wrapper, state } = service();
  const { stage } = stageWith(wrapper);
  const before = await sealed(stage, noise(5));
  state.id = "new";
  const after = await sealed(stage, noise(5));
  expect(after.envelope.key_id).toBe("new");
  expect([before, after].map(({ envelope }) => stage.isStale(envelope))).toEqual([true, false]);
  const { code, text } = await refusal(stageWith(wrapper).stage.read(before.bytes, before.envelope, address));
  expect(code).toBe("XCOM_KEY_MISSING");
  expect(text).toContain("arn:aws:kms");
});

test("a service that fails is told apart from one that has no such key, and is asked again", async () => {
  const { wrapper, state } = service();
  const { stage } = stageWith(wrapper);
  const { bytes, envelope } = await sealed(stage, noise(5));
  const { stage: other } = stageWith(wrapper);
  state.failure = new Error("AccessDenied");
  for (const attempt of [
    sealed(other, noise(5)),
    other.read(bytes, envelope, address),
    stageWith(wrapper).stage.write(noise(5), address, undefined),
  ]) {
    const { code, text } = await refusal(attempt);
    expect(code).toBe("XCOM_KEY_UNAVAILABLE");
    expect(text).toContain("AccessDenied");
  }
  state.failure = new MillraceError("KMS_PAUSED", { says: "paused", cure: "wait" });
  expect((await refusal(other.read(bytes, envelope, address))).code).toBe("KMS_PAUSED");
  delete state.failure;
  await sealed(other, noise(5));
  await other.read(bytes, envelope, address);
});

test("a wrapped key that was altered or belongs to another value opens nothing", async () => {
  for (const keys of [
    localKeyProvider({ keys: [{ id: "k", key: keyNamed("k") }], maxMessages: 1 }),
    envelopeKeyProvider({ wrapper: service().wrapper, maxMessages: 1 }),
  ]) {
    const stage = stageOf({ keys });
    const [one, other] = [await sealed(stage, noise(50)), await sealed(stage, noise(50))];
    const wrapped = Buffer.from(one.envelope.wrapped_key as string, "base64");
    const altered = Array.from({ length: wrapped.length * 8 }, (_, bit) => {
      const copy = Buffer.from(wrapped);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      return copy.toString("base64");
    });
    for (const text of [...altered, other.envelope.wrapped_key, wrapped.subarray(1).toString("base64"), "AA==", 5]) {
      const envelope = { ...one.envelope, wrapped_key: text };
      expect((await refusal(stage.read(one.bytes, envelope, address))).code).toBe("XCOM_DECRYPTION_FAILED");
    }
    const { wrapped_key: _, ...bare } = one.envelope;
    expect((await refusal(stage.read(one.bytes, bare, address))).code).toBe("XCOM_KEY_MISSING");
  }
});

test("a key service in this process wraps with another key than it is given, bound to the key's id", async () => {
  const key = keyNamed("k");
  const provider = localKeyProvider({
    keys: [
      { id: "k", key },
      { id: "other", key },
    ],
  });
  const { wrapped = new Uint8Array() } = await provider.writingKey();
  expect(wrapped).toHaveLength(60);
  expect(await provider.findKey("k", wrapped)).toMatchObject({ id: "k" });
  expect(await provider.findKey("other", wrapped)).toBe("altered");
  expect(await provider.findKey("none", wrapped)).toBeUndefined();
  const decipher = createDecipheriv("aes-256-gcm", key, wrapped.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from("millrace.xcom.aes-gcm.v1 wrapped-key:k")).setAuthTag(wrapped.subarray(44));
  decipher.update(wrapped.subarray(12, 44));
  expect(() => decipher.final()).toThrow();
});

test("a provider that gives what is no key is refused by a code", async () => {
  const good = { id: "k", key: keyNamed("k") };
  const bad = [
    undefined,
    null,
    {},
    { ...good, key: new Uint8Array(16) },
    { ...good, id: "" },
    { ...good, id: "x".repeat(257) },
    { ...good, wrapped: new Uint8Array(1_025) },
    { id: "k", key: "text" },
  ];
  const { bytes, envelope } = await sealed(stageOf({ keys: [good] }), noise(5));
  for (const key of bad) {
    const keys = { writingKeyId: () => "k", writingKey: () => key, findKey: () => key } as unknown as KeyProvider;
    expect((await refusal(sealed(stageOf({ keys }), noise(5)))).code).toBe("XCOM_KEY_UNAVAILABLE");
    const expected = key === undefined ? "XCOM_KEY_MISSING" : "XCOM_KEY_UNAVAILABLE";
    expect((await refusal(stageOf({ keys }).read(bytes, envelope, address))).code).toBe(expected);
  }
  for (const option of ["maxAgeMs", "maxMessages", "maxKept"])
    for (const value of [0, -1, 1.5, Number.NaN, "5"]) {
      const attempt = () => envelopeKeyProvider({ wrapper: service().wrapper, [option]: value });
      expect((await refusal(attempt)).code).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
    }
});

test("opening and closing reach the service", async () => {
  const { wrapper } = service();
  let isClosed = false;
  const keys = envelopeKeyProvider({
    wrapper: {
      ...wrapper,
      open: async () => ["the service is slow today"],
      async close() {
        isClosed = true;
      },
    },
  });
  const stage = stageOf({ keys, acceptPlain: false });
  expect(await stage.open()).toEqual(["the service is slow today"]);
  await stage.close?.();
  expect(isClosed).toBe(true);
});
