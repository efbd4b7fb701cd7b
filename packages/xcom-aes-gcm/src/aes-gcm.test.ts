import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { address, keyNamed, keys, noise, refusal, sealed, stageOf } from "../test/samples.ts";
import { aesGcm } from "./aes-gcm.ts";
import byDefault, { manifest } from "./index.ts";

const plainUntil = "2026-06-01T00:00:00Z";

test("values without encryption are accepted always, never, or until an instant", async () => {
  const clock = { now: () => Date.parse(plainUntil) - 1 };
  const always = stageOf();
  const never = stageOf({ acceptPlain: false });
  const until = stageOf({ acceptPlain: plainUntil, clock });
  const plain = [[], ["_xcom_compressed", "_xcom_file_backend"]];
  for (const markers of plain) {
    always.admit(markers, address);
    until.admit(markers, address);
    const { code, text } = await refusal(() => never.admit(markers, address));
    expect(code).toBe("XCOM_PLAIN_REFUSED");
    expect(text).toContain("'rows' of task 'group.extract'");
  }
  clock.now = () => Date.parse(plainUntil);
  for (const markers of plain)
    expect((await refusal(() => until.admit(markers, address))).code).toBe("XCOM_PLAIN_REFUSED");
  for (const stage of [always, never, until]) stage.admit(["_xcom_file_backend", "_xcom_encrypted"], address);
  stageOf({ encrypt: "sensitive" }).admit([], address);
});

test("options that are wrong are refused one by one, and keys are not shown", async () => {
  const secret = "hunter2-hunter2-hunter2";
  const wrong: Record<string, unknown> = {
    keys: { file: "a", env: secret },
    encrypt: "sometimes",
    sensitiveKeywords: ["word"],
    checksum: "md5",
    acceptPlain: "tomorrow",
    rotationDays: -1,
    clock: {},
    cipher: "des",
  };
  for (const [option, value] of Object.entries(wrong)) {
    const { code, text } = await refusal(() => aesGcm({ keys, [option]: value }));
    expect(code).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
    expect(text).toContain(`'${option}'`);
    expect(text).not.toContain(secret);
  }
  for (const value of [
    undefined,
    null,
    secret,
    {},
    { env: 5 },
    { file: "" },
    [secret],
    [{ id: "a", key: secret, iv: 1 }],
  ]) {
    const { code, text } = await refusal(() => aesGcm({ keys: value as never }));
    expect(code).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
    expect(text).not.toContain(secret);
  }
  for (const acceptPlain of [false, plainUntil])
    expect((await refusal(() => aesGcm({ keys, encrypt: "sensitive", acceptPlain }))).code).toBe(
      "XCOM_ENCRYPTION_OPTION_INVALID",
    );
  expect((await refusal(() => aesGcm(undefined as never))).code).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
});

test("open says what a person should know: passphrases, a plain checksum, plain values, the age of the key", async () => {
  const clock = { now: () => Date.parse("2026-11-21T12:00:00Z") };
  const warnings = (options: Parameters<typeof stageOf>[0]) =>
    stageOf({ clock, acceptPlain: false, ...options }).open();
  expect(await warnings({})).toEqual([]);
  expect((await warnings({ checksum: "sha256" })).join()).toContain("test guesses");
  expect((await stageOf({ clock }).open()).join()).toContain("acceptPlain");
  expect(await stageOf({ clock, encrypt: "sensitive" }).open()).toEqual([]);
  expect(await stageOf({ clock, acceptPlain: plainUntil }).open()).toEqual([]);
  const aged = (created: string | undefined, rotationDays: number) =>
    warnings({
      rotationDays,
      keys: [
        { id: "k", key: keyNamed("k"), ...(created && { created }) },
        { ...keys[0]!, created: "2001-01-01" },
      ],
    });
  expect(await aged("2026-08-23", 90)).toEqual([]);
  expect((await aged("2026-08-22", 90)).join()).toMatch(/'k' is 91 days old.*keys rotate/);
  expect((await aged(undefined, 90)).join()).toMatch(/age of the encryption key 'k' is not known/);
});

test("open throws what would fail later", async () => {
  expect((await refusal(stageOf({ keys: { env: "NOT_SET_ANYWHERE" } }).open())).code).toBe("XCOM_KEYS_ABSENT");
  expect((await refusal(stageOf({ keys: { file: "/nowhere/keys" } }).open())).code).toBe("XCOM_KEYS_ABSENT");
});

test("whoever reads the row without the key learns nothing from its checksum", async () => {
  const stage = stageOf();
  const pins = Array.from({ length: 10_000 }, (_, pin) => Buffer.from(`"${String(pin).padStart(4, "0")}"`));
  const { envelope, bytes } = await sealed(stage, pins[4_711] as Buffer);
  const digest = (envelope.checksum as string).split(":").at(-1);
  const known = [
    "",
    ...["salt", "iv", "tag", "key_commitment"].map((field) => Buffer.from(envelope[field] as string, "base64")),
  ];
  let matches = 0;
  for (const pin of pins) {
    const guesses = [
      createHash("sha256").update(pin).digest("hex"),
      ...known.map((key) => createHmac("sha256", key).update(pin).digest("hex")),
      createHash("sha256").update(bytes).update(pin).digest("hex"),
    ];
    if (guesses.includes(digest as string)) matches++;
  }
  expect(matches).toBe(0);
  const plain = await sealed(stageOf({ checksum: "sha256" }), pins[4_711] as Buffer);
  const guesses = pins.filter((pin) => createHash("sha256").update(pin).digest("hex") === plain.envelope.checksum);
  expect(guesses).toEqual([pins[4_711]]);
});

test("equal values have nothing in common", async () => {
  const clock = { now: () => 0 };
  const stage = stageOf({ clock });
  const [one, other] = [await sealed(stage, noise(40)), await sealed(stage, noise(40))];
  for (const field of ["salt", "iv", "tag", "key_commitment", "checksum"])
    expect(one.envelope[field], field).not.toBe(other.envelope[field]);
  expect(one.bytes).not.toEqual(other.bytes);
});

test("what is given is left alone, and what is read is the caller's own", async () => {
  const stage = stageOf();
  for (const size of [100, 5_000_000]) {
    const bytes = noise(size);
    const value = await sealed(stage, bytes);
    expect(Buffer.compare(bytes, noise(size))).toBe(0);
    bytes.fill(0);
    const stored = Buffer.from(value.bytes);
    const read = await stage.read(value.bytes, Object.freeze(value.envelope), address);
    expect(Buffer.compare(value.bytes, stored)).toBe(0);
    expect(Buffer.compare(read, noise(size))).toBe(0);
  }
});

test("the envelope says when, by the clock, in UTC", async () => {
  const { envelope } = await sealed(
    stageOf({ clock: { now: () => Date.parse("2024-01-15T14:30:22.123Z") } }),
    noise(4),
  );
  expect(Object.keys(envelope)).toEqual([
    "_xcom_encrypted",
    "v",
    "encryption_algorithm",
    "key_id",
    "salt",
    "key_commitment",
    "iv",
    "tag",
    "checksum",
    "checksum_algorithm",
    "encrypted_at",
  ]);
  expect(envelope).toMatchObject({
    v: 1,
    encryption_algorithm: "AES-256-GCM",
    key_id: "k1",
    checksum: expect.stringMatching(/^hmac-sha256:k1:[0-9a-f]{64}$/),
    checksum_algorithm: "hmac-sha256",
    encrypted_at: "2024-01-15T14:30:22.123Z",
  });
});

test("the manifest makes the stage of a config file, keys from the environment too, without showing them", async () => {
  expect(byDefault).toBe(aesGcm);
  const env = { RING: `r:${Buffer.from(keyNamed("r")).toString("hex")}` };
  const context = { home: "/nowhere", baseDir: "/nowhere", env };
  const stage = manifest.create({ keys: { env: "RING" } }, context);
  expect(stage.isStale?.({ key_id: "r" })).toBe(false);
  expect(stage.marker).toBe(manifest.marker);
  const [keysVariable, rotation] = manifest.env ?? [];
  expect(keysVariable).toMatchObject({ key: "MILLRACE_XCOM_ENCRYPTION_KEYS", option: "keys", secret: true });
  const parsed = keysVariable?.parse?.(`a:${"x".repeat(20)}:2026-01-02, b:${"y".repeat(20)}`);
  expect(parsed).toEqual([
    { id: "a", key: "x".repeat(20), created: "2026-01-02" },
    { id: "b", key: "y".repeat(20) },
  ]);
  const { text } = await refusal(() => keysVariable?.parse?.("hunter2-hunter2-hunter2"));
  expect(text).not.toContain("hunter2");
  expect(rotation).toMatchObject({ key: "MILLRACE_XCOM_KEY_ROTATION_DAYS", option: "rotationDays" });
  expect(rotation?.parse?.("90")).toBe(90);
  const { validate } = manifest.options["~standard"];
  expect(await validate({ keys: parsed, rotationDays: 90 })).toHaveProperty("value");
  const { issues } = await validate({ keys: "hunter2-hunter2-hunter2", rotationDays: Number.NaN, color: 1 });
  expect(issues?.map(({ path }) => path?.[0])).toEqual(expect.arrayContaining(["keys", "rotationDays"]));
  expect(JSON.stringify(issues)).not.toContain("hunter2");
  expect(await validate({})).toMatchObject({ issues: [{ path: ["keys"] }] });
});
