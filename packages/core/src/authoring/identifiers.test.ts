import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import { checkDagId, checkRunId, checkTaskPath, checkXComKey, isDagId, isTaskId } from "./identifiers.ts";

function codeOf(check: () => unknown): string | undefined {
  try {
    check();
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
  return undefined;
}

/** Text that does harm in paths, terminals, logs, URLs or to people's eyes. */
const hostile = [
  "",
  "..",
  "../../etc/passwd",
  "a/../b",
  "a\\..\\b",
  "/etc",
  "C:\\x",
  "a\0b",
  "a\nb",
  "\u001b[31mred",
  "a\u007f",
  "\u0085",
  "\u202ecod.exe",
  "zero\u200bwidth",
  "\u2066isolated\u2069",
  "\ud800",
  "x".repeat(1_001),
];

/** Harmless as keys, not as ids. */
const foreign = ["🙂", "cafe\u0301", "ä", "日本", "a b", "%2e%2e", "$(rm)", "'; drop", "<b>", "a|b", "*", "~"];

describe("ids of DAGs and tasks", () => {
  test("are letters, digits, _ and -; those of DAGs have dots, but not first and not two together", () => {
    for (const id of ["a", "A_1-b", "_x", "-", "x".repeat(200), "1"])
      expect([id, isDagId(id), isTaskId(id)]).toEqual([id, true, true]);
    for (const id of ["a.b", "client_1.v2.", "a.b.c"])
      expect([id, isDagId(id), isTaskId(id)]).toEqual([id, true, false]);
    for (const id of [".a", "a..b", "x".repeat(201), ...hostile, ...foreign])
      expect([id, isDagId(id), isTaskId(id)]).toEqual([id, false, false]);
  });

  test("are nothing but text", () => {
    for (const value of [undefined, null, 5, ["a"], { toString: () => "a" }, Symbol("a"), new String("a")])
      expect([isDagId(value), isTaskId(value)]).toEqual([false, false]);
  });

  test("of a task may have its groups in front", () => {
    expect(checkTaskPath("group.inner.task")).toBe("group.inner.task");
    for (const path of ["a..b", ".a", "a.", "a.b/c", `${"x".repeat(201)}.a`, "x.".repeat(600), ...hostile])
      expect([path, codeOf(() => checkTaskPath(path))]).toEqual([path, "DAG_ID_INVALID"]);
  });

  test("in a message cannot do what they want to", () => {
    for (const id of hostile)
      try {
        checkDagId(id);
      } catch (error) {
        const { message } = error as Error;
        expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
        expect(message.length).toBeLessThan(130);
        expect(message.isWellFormed()).toBe(true);
      }
  });
});

describe("run ids", () => {
  test("may look like those that the engine makes", () => {
    for (const id of ["manual__2026-10-22T02:00:00Z_0a1b2c", "a~b", "x+1", "r.1", "x".repeat(250)])
      expect(checkRunId(id)).toBe(id);
  });

  test("are refused when they are anything else", () => {
    for (const id of [".a", "_a", "-a", "a..b", "a/b", "x".repeat(251), ...hostile, ...foreign])
      expect([id, codeOf(() => checkRunId(id))]).toEqual([id, "RUN_ID_INVALID"]);
    expect(codeOf(() => checkRunId(5 as never))).toBe("RUN_ID_INVALID");
  });
});

describe("keys of XComs", () => {
  test("may be any text that is safe to show and to store", () => {
    for (const key of [...foreign, "a.b", "...", "return_value", "x".repeat(250), "\u{1f600}".repeat(250)])
      expect(checkXComKey(key)).toBe(key);
  });

  test("are refused with separators, dots alone, control characters, marks of direction and halves of characters", () => {
    for (const key of [".", "a/b", "a\\b", "\udc00x", "x".repeat(251), ...hostile])
      expect([key, codeOf(() => checkXComKey(key))]).toEqual([key, "XCOM_KEY_INVALID"]);
    expect(codeOf(() => checkXComKey(undefined as never))).toBe("XCOM_KEY_INVALID");
  });
});

test("no text passes that could leave its folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(".", "/", "\\", "a", "-", "\0", " ") }), (text) => {
      for (const check of [checkDagId, checkTaskPath, checkRunId, checkXComKey]) {
        if (codeOf(() => check(text)) !== undefined) continue;
        expect(text).not.toMatch(/[/\\\0]|^\.{0,2}$/);
      }
    }),
    { numRuns: 3_000 },
  );
});
