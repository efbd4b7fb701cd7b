import { describe, expect, it } from "vitest";
import { otherWeekdays } from "./weekdays.ts";

describe("the other days of the week", () => {
  it.each([
    ["mon-fri", "sat sun"],
    ["weekdays", "sat sun"],
    ["Weekends", "mon tue wed thu fri"],
    ["sat-mon", "tue wed thu fri"],
    ["Monday, wed,FRI", "tue thu sat sun"],
    ["sun", "mon tue wed thu fri sat"],
    ["mon-sun", ""],
  ])("than %s are %j", (given, others) => expect(otherWeekdays(given).join(" ")).toBe(others));

  it.each(["", "someday", "mon-", "-fri", "mon-tue-wed", "1-5", "mon..fri", "weekdays-sat"])("%j names none", (given) =>
    expect(() => otherWeekdays(given)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" })),
  );
});
