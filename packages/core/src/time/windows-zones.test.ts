import { expect, test } from "vitest";
import { checkTimezone } from "./instant.ts";
import { ianaNameOf } from "./windows-zones.ts";

test("names of Windows lead to zones that Node knows", () => {
  expect(ianaNameOf("Pacific Standard Time")).toBe("America/Los_Angeles");
  expect(ianaNameOf("  w. europe standard time")).toBe("Europe/Berlin");
  expect(ianaNameOf("Europe/Berlin")).toBeUndefined();
  for (const name of ["FLE Standard Time", "Nepal Standard Time", "Lord Howe Standard Time", "Greenland Standard Time"])
    expect(checkTimezone(ianaNameOf(name) as string)).toBe(ianaNameOf(name));
});
