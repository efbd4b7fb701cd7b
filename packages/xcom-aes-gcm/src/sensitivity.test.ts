import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address, gathered, refusal, sourceOf, stageOf } from "../test/samples.ts";
import { defaultSensitiveKeywords, inspectedBytes, sensitivityTest } from "./sensitivity.ts";

const isSensitive = sensitivityTest(defaultSensitiveKeywords);
const ofText = (text: string) => isSensitive(Buffer.from(text), address);
const of = (value: unknown) => ofText(JSON.stringify(value));

test("a keyword counts in keys and texts, at any depth, in any case, also within a word", () => {
  for (const word of defaultSensitiveKeywords)
    for (const value of [
      { [word]: 1 },
      { a: [{ b: `my ${word.toUpperCase()}` }] },
      [`${word}s`],
      word,
      { [`user_${word}_2`]: null },
      { a: { b: { [`x${word}y`]: {} } } },
    ])
      expect(of(value), JSON.stringify(value)).toBe(true);
});

test("nothing that a plain search through the JSON text finds is missed", () => {
  const word = fc.constantFrom(
    "password",
    "PassWord",
    "sec",
    "ret",
    "token",
    "keychain",
    "monkey",
    "ssn",
    "a",
    "ok",
    "né",
  );
  const value = fc.object({ key: word, values: [word, fc.string(), fc.integer(), fc.boolean()], maxDepth: 3 });
  fc.assert(
    fc.property(value, (each) => {
      const text = JSON.stringify(each);
      const isFound = defaultSensitiveKeywords.some((keyword) => text.toLowerCase().includes(keyword));
      if (isFound) expect(of(each)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a value without a keyword is not sensitive", () => {
  for (const value of [
    null,
    0,
    "",
    [],
    {},
    { rows: [{ region: "eu", amount: 12.5 }] },
    "naïve café",
    { "a\\u0062": "\n" },
  ])
    expect(of(value), JSON.stringify(value)).toBe(false);
});

test("a keyword that is written differently is found: escaped, full width, with characters that nobody sees", () => {
  for (const text of [
    '{"p\\u0061ssword":1}',
    '"\\u0053ECRET"',
    '{"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44":1}',
    '{"pass\u00adword":1}',
    '{"to\u200bken":1}',
    '"\u212aey"',
    '{"a":"to\\u200dken"}',
  ])
    expect(ofText(text), text).toBe(true);
});

test("the XCom's key and the id of its task count", () => {
  const bytes = Buffer.from("1");
  expect(isSensitive(bytes, { ...address, key: "api_Tokens" })).toBe(true);
  expect(isSensitive(bytes, { ...address, taskId: "load.fetch_credentials" })).toBe(true);
  expect(isSensitive(bytes, { ...address, dagId: "secret_dag", runId: "token" })).toBe(false);
});

test("what cannot be looked through counts as sensitive: bytes, no JSON, too much", () => {
  for (const bytes of [Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.from([0xff]), Buffer.from("rows,1"), Buffer.alloc(0)])
    expect(isSensitive(bytes, address)).toBe(true);
  const text = (size: number) => Buffer.from(`"${"x".repeat(size - 2)}"`);
  expect(isSensitive(text(inspectedBytes), address)).toBe(false);
  expect(isSensitive(text(inspectedBytes + 1), address)).toBe(true);
});

test("deep and broad values are looked through without a call stack", () => {
  const deep = `${"[".repeat(9_000)}"\\u0061"${"]".repeat(9_000)}`;
  expect(ofText(deep)).toBe(false);
  expect(ofText(deep.replace("\\u0061", "t\\u006fken"))).toBe(true);
  const broad = Object.fromEntries(Array.from({ length: 15_000 }, (_, n) => [`f${n}`, "\n"]));
  expect(of(broad)).toBe(false);
});

describe("a stage for sensitive values", () => {
  const stage = stageOf({ encrypt: "sensitive" });
  const plain = Buffer.from('{"rows":3}');
  const secret = Buffer.from('{"password":3}');

  test("declines what is not, and encrypts what is", async () => {
    expect(await stage.write(plain, address, undefined)).toBeUndefined();
    expect((await stage.write(secret, address, undefined))?.envelope._xcom_encrypted).toBe(true);
  });

  test("decides on streams by their head if that is all; longer ones are encrypted", async () => {
    expect(await stage.writeStream(sourceOf(plain), address, () => undefined)).toBeUndefined();
    const long = Buffer.from(`"${"x".repeat(70_000)}"`);
    const number = Buffer.from("1".repeat(70_000)); // its head is JSON
    for (const bytes of [secret, long, number]) {
      const result = await stage.writeStream(sourceOf(bytes), address, () => undefined);
      expect((await gathered((result as NonNullable<typeof result>).pieces)).includes(bytes.subarray(0, 10))).toBe(
        false,
      );
    }
  });

  test("takes other words in place of the six", async () => {
    const own = stageOf({ encrypt: "sensitive", sensitiveKeywords: [...defaultSensitiveKeywords, "IBAN"] });
    expect(await own.write(Buffer.from('{"my_iban":1}'), address, undefined)).toBeDefined();
    expect(await stage.write(Buffer.from('{"my_iban":1}'), address, undefined)).toBeUndefined();
    const other = stageOf({ encrypt: "sensitive", sensitiveKeywords: ["iban"] });
    expect(await other.write(secret, address, undefined)).toBeUndefined();
    for (const sensitiveKeywords of [[], [""], [" "], "password", [5]])
      expect(
        (await refusal(() => stageOf({ encrypt: "sensitive", sensitiveKeywords: sensitiveKeywords as string[] }))).code,
      ).toBe("XCOM_ENCRYPTION_OPTION_INVALID");
  });
});
