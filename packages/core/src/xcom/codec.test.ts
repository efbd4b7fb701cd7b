import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError, type MillraceError } from "../errors.ts";
import { Temporal } from "../time/temporal.ts";
import { decodeValue, encodeValue } from "./codec.ts";

function roundTrip(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

/** The code and path with which a value is refused. */
function refusalOf(value: unknown): readonly [code: string, path: unknown, what: unknown] {
  try {
    encodeValue(value);
  } catch (error) {
    if (isMillraceError(error)) return [error.code, error.values.path, error.values.what];
    throw error;
  }
  throw new Error("it was not refused");
}

const plainJson = fc.jsonValue({ depthSize: "medium", stringUnit: "binary" });

const temporal: fc.Arbitrary<unknown> = fc
  .date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true })
  .chain((date) => {
    const instant = Temporal.Instant.from(date.toISOString());
    const zoned = instant.toZonedDateTimeISO("Europe/Berlin");
    const month = zoned.toPlainDate();
    return fc.constantFrom<unknown>(
      instant,
      instant.add({ nanoseconds: 1 }),
      zoned,
      zoned.withCalendar("gregory"),
      zoned.toPlainDate(),
      zoned.toPlainTime(),
      zoned.toPlainDateTime(),
      month.toPlainYearMonth(),
      month.toPlainMonthDay(),
      Temporal.Duration.from({ days: date.getDate(), hours: -0, nanoseconds: 1 }),
      Temporal.Duration.from({ years: -1, weeks: -2, seconds: -3 }),
    );
  });

/** Everything that survives, nested in everything that holds something. */
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    plainJson,
    fc.bigInt(),
    fc.double(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.string({ unit: "binary" }),
    fc.constant("\ud800 alone \udfff"),
    temporal,
  ),
  key: fc.oneof(fc.string(), fc.constantFrom("__proto__", "$millrace", "constructor", "toJSON", "0", "")),
  node: fc.oneof(
    { weight: 3, arbitrary: tie("leaf") },
    fc.array(tie("node"), { maxLength: 4 }),
    fc
      .array(fc.tuple(tie("key"), tie("node")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries as [string, unknown][])),
    fc.array(fc.tuple(tie("node"), tie("node")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("node"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).node;

describe("round trip", () => {
  test("plain JSON stays the very text that JSON.stringify makes", () => {
    fc.assert(
      fc.property(
        plainJson.filter((value) => !hasNegativeZero(value)),
        (value) => {
          expect(encodeValue(value)).toBe(JSON.stringify(value));
          expect(roundTrip(value)).toEqual(value);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("everything on the list comes back with its type, however it is nested", () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(sameThings(roundTrip(value), value)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test("encoding changes nothing in the value and gives the same text again", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const text = encodeValue(value);
        expect(encodeValue(value)).toBe(text);
        expect(encodeValue(decodeValue(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("values that need a tag, one by one", () => {
    const berlin = Temporal.ZonedDateTime.from("2026-10-25T02:30:00+01:00[Europe/Berlin]");
    for (const value of [
      new Date(0),
      new Date(8.64e15),
      new Date(Number.NaN),
      10n ** 400n,
      -1n,
      -0,
      Number.NaN,
      new Uint8Array([0, 255, 1]),
      new Uint8Array(new ArrayBuffer(8), 2, 3),
      new Map<unknown, unknown>([
        [Number.NaN, new Set([[1], { a: -0 }])],
        [{ k: 1 }, null],
      ]),
      new Set(),
      berlin,
      berlin.withCalendar("hebrew").toPlainDate(),
      Temporal.PlainMonthDay.from("02-29"),
      { $millrace: 1 },
      { $millrace: ["Date", "2026-01-01T00:00:00.000Z"] },
      { $millrace: { $millrace: -0 } },
      JSON.parse('{"__proto__":{"polluted":1},"a":[{"__proto__":-0}]}'),
    ])
      expect(sameThings(roundTrip(value), value)).toBe(true);
  });

  test("one object in two places is no cycle", () => {
    const shared = { n: 1n };
    expect(roundTrip([shared, { shared }])).toEqual([shared, { shared }]);
  });

  test("an object without prototype comes back as a plain object with the same entries", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1, b: -0 });
    expect(roundTrip(bare)).toEqual({ a: 1, b: -0 });
  });

  test("as deep as is allowed", () => {
    const nest = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
      let value: unknown = -0;
      for (let level = 0; level < depth; level++) value = wrap(value);
      return value;
    };
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ inner }),
      (inner: unknown) => new Map([["inner", inner]]),
      (inner: unknown) => new Set([inner]),
      (inner: unknown) => ({ $millrace: inner }),
    ]) {
      expect(sameThings(roundTrip(nest(1_000, wrap)), nest(1_000, wrap))).toBe(true);
      for (const depth of [1_001, 10_000]) expect(refusalOf(nest(depth, wrap))[0]).toBe("XCOM_TOO_DEEP");
    }
  });
});

describe("what is refused, with its path", () => {
  class Point {
    readonly x = 1;
  }
  class Dictionary extends Map<string, number> {}
  class Moment extends Date {}
  class Tags extends Set<string> {}
  class Rows extends Array<number> {}
  const cycle: { self?: unknown; list: unknown[] } = { list: [] };
  cycle.list.push({ back: cycle });
  const tooDeepInside = { a: [1, { b: new Point() }] };
  const sparse = [1, 2, 3];
  delete sparse[1];

  test.each<[what: string, value: unknown, path: string]>([
    ["undefined", undefined, "$"],
    ["an absent key", { a: { b: undefined } }, "$.a.b"],
    ["a function", { on: () => 1 }, "$.on"],
    ["a method called toJSON", { date: { toJSON: () => "x" } }, "$.date.toJSON"],
    ["a symbol", [Symbol("s")], "$[0]"],
    ["a symbol as key", { [Symbol("s")]: 1 }, "$"],
    ["an instance of a class", tooDeepInside, "$.a[1].b"],
    ["an instance of a class derived from Map", { m: new Dictionary() }, "$.m"],
    ["an instance of a class derived from Date", [new Moment()], "$[0]"],
    ["an instance of a class derived from Set", [new Tags()], "$[0]"],
    ["an instance of a class derived from Array", [Rows.from([1])], "$[0]"],
    ["a Buffer, which would come back as a Uint8Array", { b: Buffer.from("a") }, "$.b"],
    ["bytes of another width", new Uint16Array(2), "$"],
    ["a bare buffer", new ArrayBuffer(2), "$"],
    ["a boxed number", Object(5), "$"],
    ["an error", { e: new Error("no") }, "$.e"],
    ["a promise", [Promise.resolve(1)], "$[0]"],
    ["a regular expression", /a/, "$"],
    ["a weak map", new WeakMap(), "$"],
    ["a cycle", cycle, "$.list[0].back"],
    ["a hole in a list", sparse, "$[1]"],
    ["an empty list with a length", new Array(3), "$[0]"],
    ["a list with a name", Object.assign([1], { title: "x" }), "$"],
    ["a list with a symbol", Object.assign([1], { [Symbol("s")]: 1 }), "$"],
    ["a date with a property", { d: Object.assign(new Date(0), { label: "x" }) }, "$.d"],
    ["a map with a property", Object.assign(new Map(), { label: "x" }), "$"],
    ["a hidden property", { a: Object.defineProperty({}, "hidden", { value: 1 }) }, "$.a"],
    ["a hidden toJSON", { a: Object.defineProperty({ b: 1 }, "toJSON", { value: () => 0 }) }, "$.a"],
    ["something bad in a map", new Map([["k", { f: () => 1 }]]), "$[1].f"],
    ["something bad in a set", new Set([[undefined]]), "$[0][0]"],
    ["a key that needs quotes", { "a b": { 'c"': undefined } }, '$["a b"]["c\\""]'],
  ])("%s", (_, value, path) => {
    expect(refusalOf(value).slice(0, 2)).toEqual(["XCOM_UNSUPPORTED", path]);
  });

  test("a getter, before it is asked; a proxy that throws, without its error", () => {
    let asked = 0;
    const counted = {
      get n() {
        return ++asked;
      },
    };
    const angry = new Proxy([1], {
      get() {
        throw new Error("secret");
      },
    });
    expect(refusalOf({ a: counted })).toEqual(["XCOM_UNSUPPORTED", "$.a.n", "a getter or setter"]);
    expect(asked).toBe(0);
    expect(refusalOf({ p: { q: angry } })[1]).toBe("$.p.q");
    expect(String(refusalOf(angry))).not.toContain("secret");
  });

  test("a long path is cut, and no value is quoted in the message", () => {
    let value: unknown = () => "hunter2";
    for (let level = 0; level < 200; level++) value = { ["k".repeat(9)]: value, password: "hunter2" };
    const error = (() => {
      try {
        return encodeValue(value);
      } catch (thrown) {
        return thrown as MillraceError;
      }
    })() as MillraceError;
    expect(String(error.values.path).length).toBeLessThan(210);
    expect(error.message).not.toContain("hunter2");
  });
});

describe("hostile text", () => {
  test.each([
    '{"$millrace":5}',
    '{"$millrace":[]}',
    '{"$millrace":["Date"]}',
    '{"$millrace":["Date","yesterday"]}',
    '{"$millrace":["Date","2026-01-01"]}',
    '{"$millrace":["Function","return 1"]}',
    '{"$millrace":["constructor","x"]}',
    '{"$millrace":["__proto__","x"]}',
    '{"$millrace":["bigint","1.5"]}',
    '{"$millrace":["bigint",5]}',
    '{"$millrace":["number","1"]}',
    '{"$millrace":["Map",[1]]}',
    '{"$millrace":["Set",{}]}',
    '{"$millrace":["Uint8Array","a b"]}',
    '{"$millrace":["Uint8Array","YQ"]}',
    '{"$millrace":["object",[1]]}',
    '{"$millrace":["Temporal.Instant","soon"]}',
    '{"$millrace":["Temporal.Now","x"]}',
    '[{"$millrace":["Date",1]}]',
    "{",
    "",
    "undefined",
  ])("is an error and never a wrong value: %s", (text) => {
    expect(() => decodeValue(text)).toThrow();
  });

  test("never reaches a prototype, whatever its keys", () => {
    const keys = fc.constantFrom("__proto__", "constructor", "prototype", "$millrace", "a");
    const hostile = fc.letrec((tie) => ({
      node: fc.oneof(
        fc.constantFrom('"x"', "1", '["Date",null]', '["object",{"__proto__":{"polluted":true}}]'),
        fc
          .array(fc.tuple(keys, tie("node")), { maxLength: 3 })
          .map((entries) => `{${entries.map(([key, node]) => `"${key}":${node}`).join()}}`),
        fc.array(tie("node"), { maxLength: 3 }).map((nodes) => `[${nodes.join()}]`),
      ),
    })).node as fc.Arbitrary<string>;
    fc.assert(
      fc.property(hostile, (text) => {
        let value: unknown;
        try {
          value = decodeValue(text);
        } catch {
          // A broken tag.
        }
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
        for (const part of partsOf(value))
          if (isRecord(part)) expect(Object.getPrototypeOf(part)).toBe(Object.prototype);
      }),
      { numRuns: 2_000 },
    );
  });

  test("that is nested without end is an error where tags are looked for", () => {
    const deep = `${'{"a":'.repeat(5_000)}{"$millrace":["bigint","1"]}${"}".repeat(5_000)}`;
    expect(() => decodeValue(deep)).toThrow("too deeply");
  });
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.prototype.toString.call(value) === "[object Object]"
  );
}

function* partsOf(value: unknown): Generator<unknown> {
  yield value;
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) yield* partsOf(part);
}

function hasNegativeZero(value: unknown): boolean {
  return [...partsOf(value)].some((part) => Object.is(part, -0));
}

/** Equal in type, content and order; stricter than assertions about objects, which overlook some keys and -0. */
function sameThings(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof Map || a instanceof Set) return sameThings([...a], [...(b as Set<unknown>)]);
  if (String(Object.getPrototypeOf(a)?.[Symbol.toStringTag] ?? "").startsWith("Temporal."))
    return String(a) === String(b);
  const [keysOfA, keysOfB] = [Object.keys(a), Object.keys(b)];
  return (
    keysOfA.length === keysOfB.length &&
    keysOfA.every(
      (key, place) =>
        key === keysOfB[place] && sameThings((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}
