import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFaithful } from "./faithful-json.ts";

class Price {
  value = 1;
}

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

describe("values that JSON would lose or alter", () => {
  const cases: [unknown, string, string][] = [
    [undefined, "$", "undefined"],
    [{ a: undefined }, "$.a", "undefined"],
    [[1, Number.NaN], "$[1]", "NaN"],
    [{ a: { "b-c": Number.NEGATIVE_INFINITY } }, '$.a["b-c"]', "-Infinity"],
    [{ a: -0 }, "$.a", "-0"],
    [{ at: new Date(0) }, "$.at", "an object of type Date"],
    [[[10n]], "$[0][0]", "a bigint"],
    [new Map([["a", 1]]), "$", "an object of type Map"],
    [{ s: new Set() }, "$.s", "an object of type Set"],
    [{ b: Buffer.from("x") }, "$.b", "an object of type Buffer"],
    [{ p: new Price() }, "$.p", "an object of type Price"],
    [{ f: () => 1 }, "$.f", "a function"],
    [{ toJSON: () => 1 }, "$.toJSON", "a function"],
    [{ s: Symbol("x") }, "$.s", "a symbol"],
    [{ [Symbol("x")]: 1 }, "$", "an object with symbols as keys"],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    [[1, , 3], "$[1]", "a hole in a list"],
    [Object.assign([1], { note: "x" }), "$", "a list with named properties"],
    [cyclic, "$.self.self", "nested deeper than 500 levels"],
  ];
  it.each(cases)("are refused with their path (%#: %o)", (value, path, what) => {
    expect(() => checkFaithful(value, "$")).toThrow(
      expect.objectContaining({
        code: "DATASET_VALUE_UNSUPPORTED",
        values: { path: expect.stringContaining(path), what: expect.stringContaining(what) },
      }),
    );
  });

  it("are the only ones refused: everything else comes back from JSON as it was", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withNullPrototype: false,
          withSparseArray: true,
          withDate: true,
          withMap: true,
          withBigInt: true,
        }),
        (value) => {
          let isRefused = false;
          try {
            checkFaithful(value, "$");
          } catch {
            isRefused = true;
          }
          if (!isRefused) expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
        },
      ),
      { seed: 7, numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(() => checkFaithful(plain, "$")).not.toThrow(/undefined|type/);
      }),
      { seed: 7 },
    );
  });
});
