import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { address, keyNamed, noise, refusal, sealed, stageOf } from "../../test/samples.ts";
import type { XComKey } from "./key-provider.ts";
import { keyRing } from "./key-ring.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hex = Buffer.from(keyNamed("one")).toString("hex");
const base64 = Buffer.from(keyNamed("one")).toString("base64");
const passphrase = "your-32-character-encryption-key";

/** The bytes of a ring's key. */
async function bytesOf(key: XComKey | undefined | Promise<XComKey | undefined>): Promise<Buffer> {
  const found = (await key)?.key;
  return found instanceof Uint8Array || found === undefined ? Buffer.alloc(0) : found.export();
}

describe("the text of a key", () => {
  const url = Buffer.alloc(32, 0xfb).toString("base64url");
  test.each([
    ["base64", base64],
    ["base64 without padding", base64.replace("=", "")],
    ["hexadecimal digits", hex],
    ["capital hexadecimal digits", hex.toUpperCase()],
    ["base64 with blanks around", ` ${base64}\n`],
  ])("of 32 bytes in %s is these bytes", async (_how, key) => {
    expect(await bytesOf(keyRing([{ id: "k", key }]).writingKey())).toEqual(keyNamed("one"));
  });

  test("of 32 bytes in base64url is these bytes", async () => {
    expect(url).toMatch(/[-_]/);
    expect(await bytesOf(keyRing([{ id: "k", key: url }]).writingKey())).toEqual(Buffer.alloc(32, 0xfb));
  });

  test("may be 32 bytes themselves, and no other number of them", async () => {
    expect(await bytesOf(keyRing([{ id: "k", key: keyNamed("one") }]).writingKey())).toEqual(keyNamed("one"));
    for (const length of [0, 16, 24, 31, 33, 64])
      expect((await refusal(() => keyRing([{ id: "k", key: new Uint8Array(length) }]))).code).toBe("XCOM_KEYS_INVALID");
  });

  test("that is anything else of 16 characters or more is a passphrase, of which open warns; what is shorter is refused", async () => {
    const sixteenBytesInHex = hex.slice(0, 32);
    const not32Bytes = `${base64.slice(0, 42)}B`; // its last bits are no part of 32 bytes
    const mixed = `${"+".repeat(20)}${"_".repeat(23)}`;
    for (const key of [
      passphrase,
      sixteenBytesInHex,
      not32Bytes,
      mixed,
      `${hex}0`,
      `${base64}=`,
      "x".repeat(16),
      "ü".repeat(16),
    ]) {
      const warnings =
        (await keyRing([
          { id: "raw", key: hex },
          { id: "p", key },
        ]).open?.()) ?? [];
      expect(warnings.join(), key).toContain("'p' is a passphrase");
      expect(warnings.join()).not.toContain(key);
    }
    expect(await keyRing([{ id: "k", key: hex }]).open?.()).toEqual([]);
    for (const key of ["", " ", "x".repeat(15), `x${" ".repeat(20)}`, "😀".repeat(15), "x".repeat(1_025)])
      expect((await refusal(() => keyRing([{ id: "k", key }]))).code, key).toBe("XCOM_KEYS_INVALID");
  });
});

describe("a passphrase", () => {
  test("is made into a key by scrypt with a salt of its id: the same in every process, another for every id", async () => {
    const [one, other] = [
      { id: "k1", key: passphrase },
      { id: "k2", key: passphrase },
    ];
    const ring = keyRing([one, other]);
    const expected = Buffer.from("3a7b70188d77bfcf40d1e674a38d7912ea7e9f1cbd7c5ac0c539e08eba0fd636", "hex"); // by Python's hashlib.scrypt
    const [first, again, second] = await Promise.all([ring.writingKey(), ring.findKey("k1"), ring.findKey("k2")]);
    expect(await bytesOf(first)).toEqual(expected);
    expect(again).toBe(first);
    expect(await bytesOf(second)).not.toEqual(expected);
    expect(await ring.findKey("k1")).toBe(first);
  });

  test("reads and writes values, and does not hold up the event loop while its key is made", async () => {
    const stage = stageOf({ keys: [{ id: "k1", key: passphrase }] });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const value = await sealed(stage, noise(100));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(Buffer.from(await stage.read(value.bytes, value.envelope, address))).toEqual(noise(100));
  });
});

describe("the text of a variable or a file", () => {
  const ring = (text: string) => keyRing({ env: "KEYS" }, { KEYS: text });

  test("has one key a line or between commas, with ids, dates and comments", async () => {
    const day = Date.parse("2026-11-21");
    for (const text of [
      `a:${hex},b:${base64}:2026-11-21`,
      `a:${hex}\nb:${base64}:2026-11-21\n`,
      `# keys, newest first\r\n\r\n a : ${hex} \r\n  b:${base64}:2026-11-21 , \r\n# c:0`,
    ]) {
      expect(ring(text).writingKeyId()).toBe("a");
      expect(await ring(text).findKey("a")).toMatchObject({ id: "a" });
      expect(await ring(text).findKey("a")).not.toHaveProperty("created");
      expect(await ring(text).findKey("b")).toMatchObject({ id: "b", created: day });
      expect(await bytesOf(ring(text).findKey("a"))).toEqual(await bytesOf(ring(text).findKey("b")));
      expect(await ring(text).findKey("c")).toBeUndefined();
    }
  });

  test("may have colons in a passphrase", async () => {
    const expected = Buffer.from("feca6610079d04b63179127dc1fe9aebfe0fe0c75bde4a6e58c83d85c4d89475", "hex");
    expect(await bytesOf(ring("p:a:colon:and 16 more:2026-01-01").writingKey())).toEqual(expected);
  });

  test.each([
    ["a key without an id", base64],
    ["a bare passphrase", passphrase],
    ["a passphrase with a comma", `a:correct horse battery, staple`],
    ["a key that is too short", "a:hunter2"],
    ["an empty key", "a:"],
    ["an empty id", `:${hex}`],
    ["an id with a blank", `my key:${hex}`],
    ["an id with a slash", `../k:${hex}`],
    ["an id of 65 characters", `${"k".repeat(65)}:${hex}`],
    ["a key in place of the id", `${hex}:k1`],
    ["two keys, one in place of the id", `${hex}:${base64}`],
    ["a passphrase in place of the id", "correct-horse-battery-staple:k1"],
    ["an id twice", `a:${hex},b:${base64},a:${base64}`],
    ["no such date", `a:${hex}:2026-13-41`],
    ["only comments", "# nothing\n\n"],
    ["too much", `a:${hex}\n`.repeat(1_000)],
  ])("is refused as a whole for %s, and not shown", async (_what, text) => {
    const { code, text: message } = await refusal(() => ring(text).writingKeyId());
    expect(code).toBe("XCOM_KEYS_INVALID");
    for (const secret of [hex, base64, passphrase, "hunter2", "horse", "staple"]) expect(message).not.toContain(secret);
  });

  test("that is not set or empty is told apart, whenever it is needed, and there is no default", async () => {
    for (const env of [{}, { KEYS: "" }, { KEYS: " \n" }]) {
      const none = keyRing({ env: "KEYS" }, env);
      for (const use of [
        () => none.writingKeyId(),
        () => none.writingKey(),
        () => none.findKey("a"),
        () => none.open?.(),
      ])
        expect((await refusal(async () => use())).code).toBe("XCOM_KEYS_ABSENT");
    }
    expect((await refusal(() => stageOf({ keys: [] }))).code).toBe("XCOM_KEYS_INVALID");
    const missing = await refusal(() => stageOf({ keys: undefined as never }));
    expect(missing.code).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
  });
});

describe("a key file", () => {
  function written(name: string, text: string, mode = 0o600): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  test("of this user alone is read; its keys are as old as the file where they do not say", async () => {
    const path = written("good", `a:${hex}\nb:${base64}:2020-02-02\n`);
    const ring = keyRing({ file: path });
    const { created } = await ring.writingKey();
    expect(created).toBeGreaterThan(Date.parse("2025-01-01"));
    expect(await ring.findKey("b")).toMatchObject({ created: Date.parse("2020-02-02") });
  });

  test.each([0o640, 0o604, 0o660, 0o622, 0o644, 0o601])("of mode %o is refused: others are let at it", async (mode) => {
    const ring = keyRing({ file: written(`mode-${mode}`, `a:${hex}`, mode) });
    const { code, text } = await refusal(() => ring.writingKeyId());
    expect(code).toBe("XCOM_KEY_FILE_REFUSED");
    expect(text).not.toContain(hex);
  });

  test("that is a link, a folder, a pipe or too large is refused, without waiting", async () => {
    const target = written("target", `a:${hex}`);
    symlinkSync(target, join(folder, "link"));
    spawnSync("mkfifo", ["-m", "600", join(folder, "pipe")]);
    written("large", `a:${hex}\n#${"x".repeat(70_000)}`);
    for (const path of [join(folder, "link"), folder, join(folder, "pipe"), join(folder, "large")])
      expect((await refusal(() => keyRing({ file: path }).writingKeyId())).code, path).toBe("XCOM_KEY_FILE_REFUSED");
  });

  test("that is not there is told apart; a relative path counts from the given folder", async () => {
    expect((await refusal(() => keyRing({ file: join(folder, "none") }).writingKeyId())).code).toBe("XCOM_KEYS_ABSENT");
    written("relative", `r:${hex}`);
    const stage = stageOf({ keys: { file: "relative" } }, { baseDir: folder });
    expect(stage.isStale({ key_id: "r" })).toBe(false);
  });
});
