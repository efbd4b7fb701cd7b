import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

const most = 10_000;

test("is JSON of the same data, whatever the order of the fields, also after a way through the store", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonicalJson(value, 1_000_000) as string;
      const stored: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(stored);
      expect(canonicalJson(stored, 1_000_000)).toBe(text);
      expect(canonicalJson(JSON.parse(text), 1_000_000)).toBe(text);
      expect(canonicalJson(reversed(stored), 1_000_000)).toBe(text);
    }),
  );
});

test("differs for different data", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (one, other) => {
      const areSame = JSON.stringify(one) === JSON.stringify(other);
      if (!areSame && canonicalJson(one, most) === canonicalJson(other, most)) expect(one).toEqual(other);
    }),
  );
  expect(canonicalJson({ a: undefined, b: [undefined], "-": -0 }, most)).toBe('{"-":0,"b":[null]}');
  expect(canonicalJson(JSON.parse('{"__proto__":1,"constructor":{"b":1,"a":2}}'), most)).toBe(
    '{"__proto__":1,"constructor":{"a":2,"b":1}}',
  );
});

test("gives up on what is too deep or too large, early", () => {
  const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  expect(canonicalJson(nested(32), most)).toBeDefined();
  expect(canonicalJson(nested(33), most)).toBeUndefined();
  expect(canonicalJson(nested(100_000), most)).toBeUndefined();
  expect(canonicalJson("x".repeat(9_000), most)).toBeDefined();
  expect(canonicalJson("x".repeat(10_001), most)).toBeUndefined();
  expect(
    canonicalJson(
      Array.from({ length: 10_000 }, () => ["x".repeat(9_000)]),
      most,
    ),
  ).toBeUndefined();
  const wide = Object.fromEntries(Array.from({ length: 11_000 }, (_, n) => [`f${n}`, 1]));
  const guarded = new Proxy(wide, {
    get() {
      throw new Error("looked into");
    },
  });
  expect(canonicalJson(guarded, most)).toBeUndefined();
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([field, item]) => [field, reversed(item)] as const);
  const made: Record<string, unknown> = {};
  for (const [field, item] of entries.reverse())
    Object.defineProperty(made, field, { value: item, enumerable: true, configurable: true, writable: true });
  return made;
}
