import { describe, expect, it } from "vitest";
import { styleOf, wantsColor } from "./style.ts";

const output = (isTerminal: boolean) => ({ write: () => undefined, isTerminal, columns: undefined, rows: undefined });

describe("wantsColor", () => {
  it.each([
    [true, {}, false, true],
    [false, {}, false, false],
    [true, { NO_COLOR: "1" }, false, false],
    [true, { NO_COLOR: "" }, false, true],
    [true, {}, true, false],
    [true, { TERM: "dumb" }, false, false],
    [false, { FORCE_COLOR: "1" }, false, true],
    [true, { FORCE_COLOR: "0" }, false, false],
    [true, { FORCE_COLOR: "1", NO_COLOR: "1" }, false, false],
  ])("terminal %j, environment %j, --no-color %j: %j", (isTerminal, env, isRefused, expected) => {
    expect(wantsColor(output(isTerminal), env, isRefused)).toBe(expected);
  });
});

describe("styleOf", () => {
  it("says a state by sign and word, not by colour alone", () => {
    expect(styleOf(false).state("failed")).toBe("✗ failed");
    expect(styleOf(true).state("failed")).toContain("✗ failed");
    expect(styleOf(false).state("something new")).toBe("· something new");
  });
});
