import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import { type DurationInput, duration, formatDuration, parseDuration } from "./duration.ts";
import { Temporal } from "./temporal.ts";

const isRefused = (value: unknown): boolean => {
  try {
    parseDuration(value as DurationInput);
    return false;
  } catch (error) {
    return isMillraceError(error, "DURATION_INVALID");
  }
};

describe("durations", () => {
  test.each<[DurationInput, number]>([
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["6h", 21_600_000],
    ["1d", 86_400_000],
    ["1d12h", 129_600_000],
    ["1h 30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["0.5s", 500],
    [{ hours: 6 }, 21_600_000],
    [{ days: 1, minutes: 1, seconds: 1.5, milliseconds: 1 }, 86_461_501],
    [Temporal.Duration.from("PT1H30M"), 5_400_000],
    [Temporal.Duration.from({ weeks: 2, days: 1 }), 1_296_000_000],
    [Temporal.Duration.from({ microseconds: 1_500 }), 1.5],
    [new Temporal.Duration(), 0],
  ])("%o", (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  test("are refused when they are something else, or negative", () => {
    for (const value of [
      "",
      "30",
      "s",
      "-5s",
      "+5s",
      "1w",
      "1y",
      "1 h",
      "1h,",
      "1e3s",
      "Infinitys",
      " 5s",
      "5S",
      "PT5M",
      "1h1h1h1h1h1h",
      `${"9".repeat(13)}s`,
      30,
      null,
      undefined,
      [],
      ["30s"],
      {},
      { hours: "6" },
      { hours: Number.NaN },
      { hours: -1 },
      { hours: Number.POSITIVE_INFINITY },
      { hour: 1 },
      { constructor: 1 },
      JSON.parse('{"__proto__":1}'),
      new Date(0),
      Temporal.Duration.from({ hours: -1 }),
      Temporal.Duration.from({ months: 1 }),
      Temporal.Duration.from({ years: 1 }),
      () => 1,
    ])
      expect([value, isRefused(value)]).toEqual([value, true]);
  });

  test("written in any units add up", () => {
    const amounts = fc.record({ d: fc.nat(99), h: fc.nat(99), m: fc.nat(99), s: fc.nat(99), ms: fc.nat(999) });
    fc.assert(
      fc.property(amounts, ({ d, h, m, s, ms }) => {
        const wanted = (((d * 24 + h) * 60 + m) * 60 + s) * 1_000 + ms;
        expect(parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)).toBe(wanted);
        expect(parseDuration({ days: d, hours: h, minutes: m, seconds: s, milliseconds: ms })).toBe(wanted);
        const temporal = Temporal.Duration.from({ days: d, hours: h, minutes: m, seconds: s, milliseconds: ms });
        expect(parseDuration(temporal)).toBe(wanted);
      }),
    );
  });

  test("no text takes long to be refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("1", ".", "m", "s", " ", "d"), maxLength: 200 }), (text) => {
        const refused = isRefused(text);
        if (!refused) expect(Number.isFinite(parseDuration(text))).toBe(true);
      }),
    );
  });
});

test("a schema of durations gives milliseconds, or says what would do", () => {
  const { validate } = duration["~standard"];
  expect(validate("1m")).toEqual({ value: 60_000 });
  expect(validate("soon")).toEqual({
    issues: [{ message: expect.stringContaining('"soon" is not a duration. Write it like "30s"') }],
  });
});

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [999.6, "1.00 s"],
  [1_234, "1.23 s"],
  [9_996, "10.0 s"],
  [59_949, "59.9 s"],
  [59_999, "1 min 0 s"],
  [60_000, "1 min 0 s"],
  [3_599_700, "1 h 0 min"],
  [3_900_000, "1 h 5 min"],
  [172_800_000, "2 d 0 h"],
  [183_600_000, "2 d 3 h"],
])("%d ms is told as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
