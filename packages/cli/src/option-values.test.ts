import { describe, expect, it } from "vitest";
import { jsonObject, wholeNumber } from "./option-values.ts";

describe("option values", () => {
  it("a whole number keeps to its bounds", () => {
    const parse = wholeNumber(1, 10);
    expect(parse("10", "--limit")).toBe(10);
    for (const text of ["0", "11", "1.5", "", "ten", "1e1", " 3"])
      expect(() => parse(text, "--limit"), text).toThrow(/--limit is .*from 1 to 10/);
  });

  it("an object comes from text and refuses keys that reach elsewhere", () => {
    expect(jsonObject(`{"a":[1]}`, "--params", "/")).toEqual({ a: [1] });
    for (const key of ["__proto__", "constructor", "prototype"]) {
      expect(() => jsonObject(`{"x":[{"${key}":1}]}`, "--params", "/")).toThrow(/may not be used/);
    }
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
