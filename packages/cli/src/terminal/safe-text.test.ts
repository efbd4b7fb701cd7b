import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { safeLine, safeText } from "./safe-text.ts";

describe("safeText", () => {
  it.each([
    ["\u001b[31mred\u001b[0m", "red"],
    ["title\u001b]0;owned\u0007!", "title!"],
    ["\u009b2J", ""],
    ["a\rb\bc", "a?b?c"],
    ["line\r\nline\tTab", "line\nline\tTab"],
    ["\u202eevil\u2066", "?evil?"],
    ["ünïcödé 表 👍", "ünïcödé 表 👍"],
  ])("%j becomes %j", (given, expected) => {
    expect(safeText(given)).toBe(expected);
  });

  it("never lets a control character through, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(safeText(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        expect(safeLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
