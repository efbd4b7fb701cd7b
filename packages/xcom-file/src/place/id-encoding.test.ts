import { arbitraryHostileId } from "@millrace/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeId, encodeId, isIdFolder } from "./id-encoding.ts";

const hostile = [
  ...["", ".", "..", "...", "../x", "a/../../b", "..%2f", "%252e", "\\", "\0", "CON", "nul", "x".repeat(300), "a."],
  ...[
    "a ",
    " a",
    "\u202egpj",
    "👩‍👩‍👧",
    "é",
    "e\u0301",
    "ﬀ",
    "\ud800",
    "\udfff\ud800",
    "+",
    "a+",
    "+a",
    "a#b",
    "dag=",
    ",map=-1",
  ],
  ...["A", "a", "~a", "%41", "%u0041", "sales.eu", ".hidden", "manual__2026-01-01T00:00:00Z_1", "X".repeat(250)],
];

describe("ids as names of folders", () => {
  it("look like this", () => {
    expect(encodeId("dag", "sales.eu-1_x")).toEqual(["dag=sales.eu-1_x"]);
    expect(encodeId("run", "manual__2024-01-15T00:00:00+00:00")).toEqual([
      "run=manual__2024-01-15~t00%3a00%3a00%2b00%3a00",
    ]);
    expect(encodeId("key", "")).toEqual(["key="]);
    expect(encodeId("key", "ends.")).toEqual(["key=ends%2e"]);
    expect(encodeId("task", "x".repeat(250))).toEqual([
      `task=${"x".repeat(100)}+`,
      `+${"x".repeat(100)}+`,
      `+${"x".repeat(50)}`,
    ]);
    expect(encodeId("key", "y".repeat(501))).toEqual([expect.stringMatching(/^key=y{40}#[0-9a-f]{64}$/)]);
  });

  it("are kept by every file system: lower-case ASCII of 140 characters at most, no step upwards, no end that is cut off", () => {
    for (const id of [...hostile, ...fc.sample(arbitraryHostileId(), { seed: 3, numRuns: 2_000 })])
      for (const name of encodeId("task", id)) {
        expect(name).toMatch(/^(task=|\+)[a-z0-9_.%~#-]*\+?$/);
        expect(name).not.toMatch(/[. ]$/);
        expect(name.length).toBeLessThanOrEqual(140);
        expect(isIdFolder(name)).toBe(true);
      }
  });

  it("come back as they were, unless they are too long for that", () => {
    const comesBack = (id: string): void => {
      const names = encodeId("run", id);
      const expected = names[0]?.includes("#") ? undefined : id;
      expect(decodeId("run", [...names, "task=x"])).toEqual({ id: expected, used: names.length });
    };
    for (const id of hostile) comesBack(id);
    fc.assert(fc.property(fc.oneof(arbitraryHostileId(), fc.string({ unit: "binary" })), comesBack), {
      seed: 5,
      numRuns: 3_000,
    });
    for (const id of ["T".repeat(250), "é".repeat(80), "a".repeat(500)])
      expect(encodeId("run", id).join()).not.toContain("#");
  });

  it("never become the same for two ids, on no file system", () => {
    const seen = new Map<string, string>();
    for (const id of [...hostile, ...fc.sample(arbitraryHostileId(), { seed: 9, numRuns: 5_000 })]) {
      // A file system may fold cases and normalise.
      const name = encodeId("key", id).join("/").normalize("NFKC").toLowerCase();
      expect(seen.get(name) ?? id).toBe(id);
      seen.set(name, id);
    }
  });

  it("are read only from names that they make", () => {
    const names = [
      ["dag="],
      ["run=%2"],
      ["run=%61"],
      ["run=a%2e.b"],
      ["run=a+", "b"],
      ["run=a+", "+b"],
      ["run=a+"],
      ["run=%ff"],
      ["run=%uD800"],
      ["run=%u0041"],
      ["run=~A"],
      [".."],
      ["run=.."],
      ["run=a#b"],
      [],
    ];
    for (const wrong of names) expect(decodeId("run", wrong), JSON.stringify(wrong)).toBeUndefined();
  });
});
