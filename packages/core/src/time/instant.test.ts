import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import { checkTimezone, formatInstant, type InstantInput, isRelative, parseInstant } from "./instant.ts";
import { Temporal } from "./temporal.ts";

const now = Date.UTC(2026, 9, 22, 12);
const iso = (value: InstantInput, timezone = "UTC", at: number | undefined = now): string =>
  formatInstant(parseInstant(value, timezone, at));
const codeOf = (step: () => unknown): string | undefined => {
  try {
    step();
  } catch (error) {
    return isMillraceError(error) ? error.code : "something else";
  }
  return undefined;
};

describe("instants", () => {
  test.each<[InstantInput, string, string]>([
    ["2026-10-22T02:00:00Z", "UTC", "2026-10-22T02:00:00Z"],
    ["2026-10-22T02:00:00+02:00", "America/New_York", "2026-10-22T00:00:00Z"],
    ["2026-10-22T02:00:00.5Z", "UTC", "2026-10-22T02:00:00.500Z"],
    ["2026-10-22T02:00:00[Europe/Berlin]", "UTC", "2026-10-22T00:00:00Z"],
    ["2026-10-22", "UTC", "2026-10-22T00:00:00Z"],
    ["2026-10-22", "Europe/Berlin", "2026-10-21T22:00:00Z"],
    ["2026-10-22", "Asia/Kolkata", "2026-10-21T18:30:00Z"],
    ["2025-09-07", "America/Santiago", "2025-09-07T04:00:00Z"], // Its midnight does not exist: the clocks go forward at 0:00.
    ["-30d", "UTC", "2026-09-22T12:00:00Z"],
    ["-1d12h", "Europe/Berlin", "2026-10-21T00:00:00Z"],
    [Temporal.Instant.from("2026-10-22T02:00:00Z"), "UTC", "2026-10-22T02:00:00Z"],
    [Temporal.ZonedDateTime.from("2026-10-22T02:00:00[Asia/Tokyo]"), "UTC", "2026-10-21T17:00:00Z"],
  ])("%o in %s is %s", (value, timezone, wanted) => {
    expect(iso(value, timezone)).toBe(wanted);
  });

  test("are refused without offset or zone, or when they are something else", () => {
    for (const value of [
      "",
      "now",
      "2026-10-22T02:00:00",
      "2026-10-22 02:00",
      "2026-13-01",
      "2026-02-30",
      "22.10.2026",
      "2026-10-22T25:00:00Z",
      "2026-10-22T02:00:00[Mars/Olympus]",
      "1760000000000",
      5,
      null,
      undefined,
      new Date(0),
      {},
      { epochMilliseconds: "5" },
      { epochMilliseconds: Number.NaN },
      Temporal.PlainDate.from("2026-10-22"),
    ])
      expect([value, codeOf(() => parseInstant(value as InstantInput, "UTC", now))]).toEqual([
        value,
        "INSTANT_INVALID",
      ]);
  });

  test("counted back are refused where there is nothing to count from, and when the count is none", () => {
    expect(codeOf(() => parseInstant("-30d", "UTC"))).toBe("INSTANT_INVALID");
    expect(codeOf(() => parseInstant("-soon", "UTC", now))).toBe("DURATION_INVALID");
    expect([isRelative("-30d"), isRelative("30d"), isRelative("2026-01-01")]).toEqual([true, false, false]);
  });

  test("come back from their text", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true }),
        (date) => {
          expect(parseInstant(formatInstant(date.getTime()), "UTC")).toBe(date.getTime());
        },
      ),
    );
  });
});

test("time zones are those that this Node knows", () => {
  for (const zone of ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Argentina/Buenos_Aires"])
    expect(checkTimezone(zone)).toBe(zone);
  for (const zone of ["", "Mars/Olympus", "../etc/localtime", "Europe/Berlin\0", 5, null])
    expect([zone, codeOf(() => checkTimezone(zone as string))]).toEqual([zone, "TIMEZONE_INVALID"]);
});

test("a zone as Windows calls it is refused with its IANA name", () => {
  for (const [name, iana] of [
    ["W. Europe Standard Time", "Europe/Berlin"],
    ["Eastern Standard Time", "America/New_York"],
    ["constructor", "Europe/Berlin"],
  ])
    expect(() => checkTimezone(name)).toThrow(
      expect.objectContaining({
        code: "TIMEZONE_INVALID",
        message: expect.stringContaining(process.versions.tz as string) as string,
        cure: expect.stringContaining(`'${iana}'`) as string,
      }),
    );
});
