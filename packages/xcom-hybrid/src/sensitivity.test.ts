import fc from "fast-check";
import { expect, test } from "vitest";
import { address } from "../test/part-doubles.ts";
import { defaultKeywords, type SensitivityRules, sensitivityLook } from "./sensitivity.ts";

const rules: SensitivityRules = { always: false, keywords: defaultKeywords, dags: new Set(), keys: new Set() };

function lookAt(text: string, given: Partial<SensitivityRules> = {}, at: Partial<typeof address> = {}) {
  const bytes = new TextEncoder().encode(text);
  return sensitivityLook({ ...rules, ...given })(bytes, bytes.length, { ...address, ...at });
}

test.each([
  ['{"password":"x"}', "keyword"],
  ['{"PassWord":1}', "keyword"],
  ['{"note":"the secret is out"}', "keyword"],
  ['{"apiKey":1}', "keyword"],
  ['{"api_key":1}', "keyword"],
  ['["monkey"]', "keyword"],
  ['{"SSN":"123-45-6789"}', "keyword"],
  ['{"city":"Kassel","amount":12.5}', undefined],
  ["", undefined],
])("%s is looked at by the keywords that are known everywhere: %s", async (text, expected) => {
  expect(await lookAt(text)).toBe(expected);
});

test("keywords may be replaced; those of other scripts and with signs count as they are", async () => {
  expect(await lookAt('{"password":1}', { keywords: ["iban"] })).toBeUndefined();
  expect(await lookAt('{"IBAN":1}', { keywords: ["iban"] })).toBe("keyword");
  expect(await lookAt('{"ПАРОЛЬ":1}', { keywords: ["пароль"] })).toBe("keyword");
  expect(await lookAt('["axb"]', { keywords: ["a.b"] })).toBeUndefined();
  expect(await lookAt('["a.b"]', { keywords: ["a.b"] })).toBe("keyword");
  expect(await lookAt('["anything"]', { keywords: [] })).toBeUndefined();
});

test("the names of DAG, task and key count", async () => {
  expect(await lookAt("1", {}, { key: "api_token" })).toBe("named");
  expect(await lookAt("1", {}, { taskId: "read_secrets" })).toBe("named");
  expect(await lookAt("1", { dags: new Set(["payroll"]) }, { dagId: "payroll" })).toBe("named");
  expect(await lookAt("1", { keys: new Set(["wages"]) }, { key: "wages" })).toBe("named");
  expect(await lookAt("1", { always: true })).toBe("always");
});

test("what is longer than what is seen counts as sensitive", async () => {
  const head = new TextEncoder().encode('{"city":"Kassel"');
  const look = sensitivityLook(rules);
  expect(await look(head, undefined, address)).toBe("unseen");
  expect(await look(head, head.length + 1, address)).toBe("unseen");
});

test("a keyword is found wherever it lies in three megabytes, and those who wait have their turn meanwhile", async () => {
  const look = sensitivityLook(rules);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3_145_700 }), fc.constantFrom(...defaultKeywords), async (at, word) => {
      const bytes = Buffer.alloc(3_145_728, "ä");
      bytes.write(word.toUpperCase(), at);
      expect(await look(bytes, bytes.length, address)).toBe("keyword");
    }),
    {
      numRuns: 20,
      examples: [
        [1_048_575, "token"],
        [1_048_572, "password"],
        [0, "key"],
      ],
    },
  );
  let turns = 0;
  const counting = setImmediate(() => turns++);
  expect(await look(Buffer.alloc(3_145_728, "a"), 3_145_728, address)).toBeUndefined();
  clearImmediate(counting);
  expect(turns).toBe(1);
});
