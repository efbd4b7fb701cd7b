import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BusinessDaysOptions,
  businessDays,
  type Calendar,
  cron,
  cronTrigger,
  dag,
  events,
  every,
  onCalendar,
  once,
  type Timetable,
  union,
} from "../../src/index.ts";
import { iso, nextOf, runsOf, startsOf } from "./ask.ts";
import { minutes, zones } from "./random-crons.ts";

const refusedWith = (code: string) => expect.objectContaining({ code });

describe("union", () => {
  test("has every tick of its parts once, and intervals from each to the next", () => {
    const both = union(cron("0 6 * * *"), cron("0 6,18 * * MON"));
    expect(runsOf(both, { earliest: "2026-03-01" }, 3).map(({ start, end }) => [iso(start), iso(end)])).toEqual([
      ["2026-03-01T06:00Z", "2026-03-02T06:00Z"],
      ["2026-03-02T06:00Z", "2026-03-02T18:00Z"],
      ["2026-03-02T18:00Z", "2026-03-03T06:00Z"],
    ]);
    expect(both.describe()).toBe("0 6 * * * and 0 6,18 * * MON");
  });

  test("gives each of its parts the DAG that it belongs to", () => {
    const schedule = union(cronTrigger("0 6 * * *"), cronTrigger("0 9 * * *", { timezone: "Europe/Berlin" }));
    const own = dag("d", { schedule, timezone: "Asia/Tokyo" }, (d) => d.empty("nothing")).schedule as Timetable;
    expect(startsOf(own, { earliest: "2026-01-01" }, 2)).toEqual(["2026-01-01T08:00Z", "2026-01-01T21:00Z"]);
  });

  test("takes timetables of one kind whose ticks are known, and at least one", () => {
    expect(() => union()).toThrow(refusedWith("TIMETABLE_NOT_COMBINABLE"));
    expect(() => union(cron("@daily"), cronTrigger("@daily"))).toThrow(refusedWith("TIMETABLE_NOT_COMBINABLE"));
    expect(() => union(cronTrigger("@daily"), cronTrigger("@daily", { interval: "1h" }))).toThrow(
      refusedWith("TIMETABLE_NOT_COMBINABLE"),
    );
    expect(() => union(cron("@daily"), once())).toThrow("'once'");
    expect(() => union(null as unknown as Timetable)).toThrow(refusedWith("TIMETABLE_NOT_COMBINABLE"));
    expect(nextOf(union(every("6h"), cron("@daily")), { earliest: "2026-01-01" })?.[1]).toBe("2026-01-01T06:00Z");
  });
});

describe("onCalendar", () => {
  const working = businessDays({ holidays: ["2026-04-06", "12-25"] });

  test("joins days that do not count to the interval before", () => {
    const schedule = onCalendar(cron("0 0 * * *"), working);
    expect(runsOf(schedule, { earliest: "2026-04-02" }, 3).map(({ start, end }) => [iso(start), iso(end)])).toEqual([
      ["2026-04-02", "2026-04-03"],
      ["2026-04-03", "2026-04-07"],
      ["2026-04-07", "2026-04-08"],
    ]);
  });

  test("leaves them out if that is wanted, as Airflow's workdays do", () => {
    const schedule = onCalendar(cron("0 0 * * *"), working, { skipped: "left_out" });
    expect(nextOf(schedule, { last: ["2026-04-02", "2026-04-03"] })?.slice(0, 2)).toEqual(["2026-04-03", "2026-04-04"]);
    expect(nextOf(schedule, { last: ["2026-04-03", "2026-04-04"] })?.slice(0, 2)).toEqual(["2026-04-07", "2026-04-08"]);
    const now = "2026-04-06T12:00:00Z";
    expect(nextOf(schedule, { catchup: false, now, earliest: "2026-01-01" })?.[0]).toBe("2026-04-03");
    expect(nextOf(onCalendar(cron("0 0 * * *"), working), { catchup: false, now, earliest: "2026-01-01" })?.[0]).toBe(
      "2026-04-02",
    );
  });

  test("takes any object with `has`, a set of dates among them, by the clock of the timetable's zone", () => {
    const dates: Calendar = new Set(["2026-01-05", "2026-03-29"]);
    const schedule = onCalendar(cronTrigger("30 0,12 * * *", { timezone: "Pacific/Auckland" }), dates);
    expect(startsOf(schedule, { earliest: "2026-01-01" }, 9)).toEqual([
      "2026-01-04T11:30Z",
      "2026-01-04T23:30Z",
      "2026-03-28T11:30Z",
      "2026-03-28T23:30Z",
    ]);
    expect(schedule.describe()).toBe("at 30 0,12 * * * (Pacific/Auckland) on days of a calendar");
    expect(onCalendar(cron("@daily"), businessDays()).describe()).toBe("@daily on business days");
  });

  test("ends when the calendar has had no day for ten years, and is no endless search", () => {
    expect(nextOf(onCalendar(cron("* * * * *"), new Set(["2026-01-05"])), { earliest: "2026-01-06" })).toBeNull();
    let asked = 0;
    const never: Calendar = {
      has: () => {
        asked++;
        return false;
      },
    };
    expect(nextOf(onCalendar(cronTrigger("* * * * *"), never), { earliest: "2026-01-06" })).toBeNull();
    expect(asked).toBeLessThan(4_000);
  });

  test("keeps exactly the ticks of days that count, wherever the clocks are changed", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), minutes, fc.integer({ min: 2, max: 7 }), (timezone, from, every) => {
        const odd: Calendar = { has: (date) => Number(date.replaceAll("-", "")) % every === 0 };
        const plain = cronTrigger("0,30 * * * *", { timezone });
        const question = { earliest: new Date(from).toISOString() };
        const day = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short" });
        const wanted = runsOf(plain, question, 600).filter(({ start }) => odd.has(day.format(start)));
        expect(runsOf(onCalendar(plain, odd), question, wanted.length)).toEqual(wanted);
        const last = wanted[wanted.length - 1];
        const manual = onCalendar(cron("0,30 * * * *", { timezone }), odd, { skipped: "left_out" });
        if (last === undefined) return;
        const before = runsOf(manual, { catchup: false, now: iso(last.start + 1_800_000) }, 1);
        expect(before.map(({ start }) => iso(start))).toEqual([iso(last.start)]);
      }),
      { numRuns: 40 },
    );
  });

  test.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("not today");
      },
      "threw when it was asked for 2026-01-06: not today",
    ],
    ["answers later", () => Promise.resolve(true), "answered an object of type Promise"],
    ["answers nothing", () => undefined, "answered undefined"],
  ])("is an error with a code when its calendar %s", (_, has, why) => {
    const schedule = onCalendar(cron("@daily"), { has } as Calendar);
    const ask = () => nextOf(schedule, { earliest: "2026-01-06" });
    expect(ask).toThrow(refusedWith("TIMETABLE_FAILED"));
    expect(ask).toThrow(why);
  });

  test("refuses what is no calendar, and timetables whose ticks nobody knows", () => {
    expect(() => onCalendar(cron("@daily"), {} as Calendar)).toThrow(refusedWith("CALENDAR_INVALID"));
    expect(() => onCalendar(once(), businessDays())).toThrow(refusedWith("TIMETABLE_NOT_COMBINABLE"));
    expect(() => onCalendar(cron("@daily"), businessDays(), { skipped: "lost" as "joined" })).toThrow(
      refusedWith("DAG_OPTION_INVALID"),
    );
    expect(
      startsOf(onCalendar(events(["2026-01-05", "2026-01-10"]), businessDays()), { earliest: "2026-01-01" }, 5),
    ).toEqual(["2026-01-05"]);
  });
});

describe("businessDays", () => {
  test("are no weekends and no holidays, of one year or of every year", () => {
    const days = businessDays({ holidays: ["12-25", "2026-04-03", "02-29"] });
    const dates = ["2026-04-02", "2026-04-03", "2026-04-04", "2027-04-05", "2026-12-25", "2028-02-29", "2028-03-01"];
    expect(dates.filter((date) => days.has(date))).toEqual(["2026-04-02", "2027-04-05", "2028-03-01"]);
    const friday = businessDays({ weekend: [5, 6] });
    expect(["2026-04-03", "2026-04-04", "2026-04-05"].map((date) => friday.has(date))).toEqual([false, false, true]);
    expect([days.describe?.(), businessDays().describe?.()]).toEqual(["business days but 3 holidays", "business days"]);
  });

  test.each<[unknown]>([
    [{ holidays: ["2026-02-29"] }],
    [{ holidays: ["13-01"] }],
    [{ holidays: ["Easter"] }],
    [{ holidays: "12-25" }],
    [{ holidays: [5] }],
    [{ weekend: [0] }],
    [{ weekend: [6, 6] }],
    [{ weekend: [1, 2, 3, 4, 5, 6, 7] }],
    [{ weekend: "sunday" }],
  ])("refuse %j", (options) => {
    expect(() => businessDays(options as BusinessDaysOptions)).toThrow(refusedWith("CALENDAR_INVALID"));
  });
});
