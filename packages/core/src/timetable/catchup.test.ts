import { describe, expect, it } from "vitest";
import { catchupText, parseCatchup } from "./catchup.ts";

describe("a catchup setting", () => {
  it.each([
    [true, { isOn: true, since: null, maxRuns: null, windowMs: null }],
    [false, { isOn: false, since: null, maxRuns: null, windowMs: null }],
    [{}, { isOn: true, since: null, maxRuns: null, windowMs: null }],
    [
      { since: "2026-10-01", maxRuns: 3, window: "6h" },
      { isOn: true, since: Date.parse("2026-09-30T22:00:00Z"), maxRuns: 3, windowMs: 21_600_000 },
    ],
  ])("%j is read, and read back from its text", (value, expected) => {
    const parsed = parseCatchup(value, "Europe/Berlin");
    expect(parsed).toEqual(expected);
    expect(parseCatchup(JSON.parse(JSON.stringify(catchupText(parsed))), "UTC")).toEqual(expected);
  });

  it.each([
    ["yes", "true, false or an object"],
    [null, "true, false or an object"],
    [[true], "true, false or an object"],
    [{ until: "2026-10-01" }, "there is no 'until'"],
    [{ maxRuns: 0 }, "at least 1"],
    [{ maxRuns: 1.5 }, "at least 1"],
    [{ window: "0s" }, "longer than nothing"],
    [{ window: "soon" }, "is not a duration"],
    [{ since: "-30d" }, "is not an instant"],
    [{ since: "2026-02-31" }, "is not an instant"],
  ])("%j is refused", (value, why) => {
    expect(() => parseCatchup(value, "UTC")).toThrow(
      expect.objectContaining({ code: "CATCHUP_INVALID", message: expect.stringContaining(why) as string }),
    );
  });
});
