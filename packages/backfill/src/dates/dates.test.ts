import { businessDays, cron, every } from "@millrace/core";
import { isMillraceError } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { dagOf, daily, hourly, moments } from "../../test/schedules.ts";
import { planBackfill } from "../plan/plan-backfill.ts";
import type { DateSelector } from "./date-selector.ts";
import { parseDateSelectors } from "./parse-date-selectors.ts";

const january = { from: "2026-01-01", to: "2026-01-31", now: "2027-01-01T00:00:00Z" } as const;

/** Days of January 2026 (a Thursday is the first) that a selector has. */
function chosen(selector: DateSelector, timezone = "UTC"): readonly number[] {
  const plan = planBackfill(dagOf(timezone === "UTC" ? daily : hourly, { timezone }), { ...january, only: [selector] });
  const days = [...plan.runs]
    .filter(({ action }) => action === "create")
    .map(({ localDate }) => Number(localDate.slice(8)));
  return [...new Set(days)];
}

const refused = (step: () => unknown): string => {
  try {
    step();
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
  return "nothing";
};

const ics = (...lines: readonly string[]): string =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines: readonly string[]): readonly string[] => ["BEGIN:VEVENT", "UID:one", ...lines, "END:VEVENT"];
const inCalendar = (lines: readonly string[], timezone?: string) => chosen({ ics: ics(...lines) }, timezone);

describe("dates are chosen", () => {
  test.each<[DateSelector, readonly number[]]>([
    ["2026-01-07", [7]],
    ["2026-01-30..2026-02-03", [30, 31]],
    ["..2026-01-02", [1, 2]],
    ["2026-01-31..", [31]],
    ["sat", [3, 10, 17, 24, 31]],
    ["Saturday", [3, 10, 17, 24, 31]],
    ["weekends", [3, 4, 10, 11, 17, 18, 24, 25, 31]],
    ["fri-mon", [2, 3, 4, 5, 9, 10, 11, 12, 16, 17, 18, 19, 23, 24, 25, 26, 30, 31]],
    ["tue-tue", [6, 13, 20, 27]],
    [{ dates: ["2026-01-02", "2026-01-09", "2025-01-03"] }, [2, 9]],
    [{ has: (date) => date.endsWith("5") }, [5, 15, 25]],
    [
      businessDays({ holidays: ["01-01", "2026-01-06"] }),
      [2, 5, 7, 8, 9, 12, 13, 14, 15, 16, 19, 20, 21, 22, 23, 26, 27, 28, 29, 30],
    ],
    [new Set(["2026-01-09"]), [9]],
    [moments("2026-01-04T00:00:00Z", "2026-01-05T00:00:01Z"), [4]],
    [({ interval }) => interval.end.epochMilliseconds === Date.UTC(2026, 0, 9), [8]],
  ])("by %o", (selector, days) => {
    expect(chosen(selector)).toEqual(days);
  });

  test.each<[DateSelector, string, number]>([
    ["cron:0 6 * * *", "UTC", 31],
    ["cron:0 6,7 * * mon-fri", "Europe/Berlin", 44],
    [cron("0 6 * * *"), "Europe/Berlin", 31],
    [cron("0 6 1 * *", { timezone: "UTC" }), "Europe/Berlin", 1],
    [cron("30 6 * * *"), "UTC", 0],
    [every("12h"), "UTC", 744],
  ])("by times: %o in %s", (selector, timezone, count) => {
    const plan = planBackfill(dagOf(hourly, { timezone }), { ...january, only: [selector] });
    expect(plan.counts.create).toBe(count);
    if (typeof selector === "string") expect(plan.runs.at(0)?.reason).toContain("none of `only`");
  });

  test("by the clock of the DAG's zone", () => {
    expect(chosen("2026-01-07", "Pacific/Auckland")).toEqual([7]);
    const plan = planBackfill(dagOf(hourly, { timezone: "Pacific/Auckland" }), { ...january, only: ["2026-01-07"] });
    const runs = [...plan.runs].filter(({ action }) => action === "create");
    expect([runs.length, String(runs[0]?.logicalDate)]).toEqual([24, "2026-01-06T11:00:00Z"]);
  });

  test("and left out, which is told; skip goes before only", () => {
    const plan = planBackfill(dagOf(daily), {
      ...january,
      to: "2026-01-04",
      only: ["2026-01-02..2026-01-03"],
      skip: ["sun", { dates: ["2026-01-03"], name: "holidays.ics" }],
    });
    expect([...plan.runs].map(({ reason }) => reason)).toEqual([
      "left out: none of `only` has it",
      "there is no run of it yet",
      "left out: it is in holidays.ics",
      "left out: it is one of sun",
    ]);
  });

  test("once a day for calendars, and once a run for functions", () => {
    let days = 0;
    let runs = 0;
    const calendar = { has: () => ++days > 0 };
    const choose = (): boolean => ++runs < 0;
    planBackfill(dagOf(hourly), { ...january, skip: [choose, calendar] });
    expect([days, runs]).toEqual([31, 31 * 24]);
  });
});

describe("a calendar has", () => {
  test("whole days, several days, and those of a duration", () => {
    expect(inCalendar(event("DTSTART;VALUE=DATE:20260105"))).toEqual([5]);
    expect(inCalendar(event("DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260108"))).toEqual([5, 6, 7]);
    expect(inCalendar(event("DTSTART;VALUE=DATE:20251230", "DTEND;VALUE=DATE:20260103"))).toEqual([1, 2]);
    expect(inCalendar(event("DTSTART;VALUE=DATE:20260105", "DURATION:P2D"))).toEqual([5, 6]);
  });

  test("repeated events with their exceptions", () => {
    expect(inCalendar(event("DTSTART;VALUE=DATE:20200106", "RRULE:FREQ=WEEKLY;BYDAY=MO"))).toEqual([5, 12, 19, 26]);
    expect(
      inCalendar(
        event("DTSTART;VALUE=DATE:20251201", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260112", "EXDATE;VALUE=DATE:20260105"),
      ),
    ).toEqual([12]);
    expect(
      inCalendar(event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;COUNT=3", "RDATE;VALUE=DATE:20260120")),
    ).toEqual([1, 2, 3, 20]);
    expect(inCalendar(event("DTSTART;VALUE=DATE:19700129", "RRULE:FREQ=MONTHLY;BYDAY=-1TH"))).toEqual([29]);
    expect(
      inCalendar(event("DTSTART;VALUE=DATE:20251229", "DTEND;VALUE=DATE:20260102", "RRULE:FREQ=WEEKLY;COUNT=2")),
    ).toEqual([1, 5, 6, 7, 8]);
  });

  test("occurrences where they were moved to, and none that were cancelled", () => {
    const weekly = event("DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=WEEKLY;COUNT=3");
    const moved = event("RECURRENCE-ID;VALUE=DATE:20260112", "DTSTART;VALUE=DATE:20260114");
    const gone = event("RECURRENCE-ID;VALUE=DATE:20260119", "DTSTART;VALUE=DATE:20260119", "STATUS:CANCELLED");
    expect(inCalendar([...weekly, ...moved, ...gone])).toEqual([5, 14]);
    expect(inCalendar(event("DTSTART;VALUE=DATE:20260105", "STATUS:CANCELLED"))).toEqual([]);
  });

  test("events with times, by the clock that they are written in, UTC times by the DAG's", () => {
    expect(inCalendar(event("DTSTART:20260105T220000", "DTEND:20260106T010000"))).toEqual([5, 6]);
    expect(inCalendar(event("DTSTART:20260105T220000", "DTEND:20260106T000000"))).toEqual([5]);
    expect(inCalendar(event("DTSTART:20260105T220000Z", "DTEND:20260105T230000Z"), "Asia/Tokyo")).toEqual([6]);
    expect(
      inCalendar(event("DTSTART:20251231T220000Z", "DTEND:20251231T230000Z", "RRULE:FREQ=DAILY;COUNT=2"), "Asia/Tokyo"),
    ).toEqual([1, 2]);
    const tokyo = [
      ...["BEGIN:VTIMEZONE", "TZID:Tokyo Standard Time", "BEGIN:STANDARD", "DTSTART:16010101T000000"],
      ...["TZOFFSETFROM:+0900", "TZOFFSETTO:+0900", "END:STANDARD", "END:VTIMEZONE"],
    ];
    const until = (at: string) => [
      ...tokyo,
      ...event("DTSTART;TZID=Tokyo Standard Time:20260105T080000", `RRULE:FREQ=DAILY;UNTIL=${at}`),
    ];
    // 23:00 UTC is 8:00 of the next day in Tokyo.
    expect(inCalendar(until("20260106T230000Z"))).toEqual([5, 6, 7]);
    expect(inCalendar(until("20260106T225959Z"))).toEqual([5, 6]);
  });

  test("no rule without end, no bomb and no other text", { timeout: 20_000 }, () => {
    for (const rule of ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6"])
      expect([rule, inCalendar(event("DTSTART;VALUE=DATE:20251201", `RRULE:${rule}`))]).toEqual([rule, []]);
    const rules = [
      "FREQ=SECONDLY",
      "FREQ=DAILY;INTERVAL=99999999999",
      "FREQ=NONSENSE",
      "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19",
    ];
    for (const rule of rules) {
      const calendar = () => inCalendar(event("DTSTART;VALUE=DATE:20250101", `RRULE:${rule}`));
      expect([rule, refused(calendar)]).toEqual([rule, "BACKFILL_CALENDAR_INVALID"]);
    }
    const texts = [
      "",
      "no calendar",
      "BEGIN:VCARD\r\nEND:VCARD\r\n",
      ics(...event("SUMMARY:no start")),
      ics(...event("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:99990101")),
      ics(...event("DTSTART;VALUE=DATE:never")),
      ics(...event("DTSTART;VALUE=DATE:20260101").slice(0, -1)),
      `${ics()}${" ".repeat(4_194_305)}`,
      ics(...Array.from({ length: 20_001 }, () => event("DTSTART;VALUE=DATE:20260101")).flat()),
    ];
    for (const text of texts)
      expect([text.slice(0, 60), refused(() => chosen({ ics: text }))]).toEqual([
        text.slice(0, 60),
        "BACKFILL_CALENDAR_INVALID",
      ]);
  });
});

describe("what a person writes", () => {
  test("is read as selectors", () => {
    expect(parseDateSelectors("2026-12-24..2026-12-26, sat,sun")).toEqual(["2026-12-24..2026-12-26", "sat", "sun"]);
    expect(parseDateSelectors("cron:0 6 * * 1,3")).toEqual(["cron:0 6 * * 1,3"]);
    const read = (path: string) =>
      path.endsWith(".txt") ? "2026-01-01 # new year\n\n# nothing\n2026-01-06\r\n" : ics();
    expect(parseDateSelectors("in/days.txt,c.ics", { read })).toEqual([
      { dates: ["2026-01-01", "2026-01-06"], name: "days.txt" },
      { ics: ics(), name: "c.ics" },
    ]);
  });

  test.each([
    ["", "BACKFILL_DATES_INVALID"],
    [",", "BACKFILL_DATES_INVALID"],
    ["2026-02-30", "BACKFILL_DATES_INVALID"],
    ["2026-1-1", "BACKFILL_DATES_INVALID"],
    ["..", "BACKFILL_DATES_INVALID"],
    ["2026-01-02..2026-01-01", "BACKFILL_DATES_INVALID"],
    ["2026-01-02..soon", "BACKFILL_DATES_INVALID"],
    ["someday", "BACKFILL_DATES_INVALID"],
    ["s", "BACKFILL_DATES_INVALID"],
    ["mon-tue-wed", "BACKFILL_DATES_INVALID"],
    ["a.ics", "BACKFILL_DATES_INVALID"],
    ["cron:", "CRON_INVALID"],
    ["cron:0 0 0 0 0 0 0 0", "CRON_INVALID"],
  ])("is refused when it is %o", (text, code) => {
    expect(refused(() => parseDateSelectors(text))).toBe(code);
  });

  test("is refused when its file cannot be read or says nothing sensible", () => {
    const of = (read: () => string, name = "a.txt") => refused(() => parseDateSelectors(name, { read }));
    expect(of(() => "soon")).toBe("BACKFILL_DATES_INVALID");
    expect(of(() => "hello", "a.ics")).toBe("BACKFILL_CALENDAR_INVALID");
    expect(of(() => " ".repeat(4_194_305))).toBe("BACKFILL_CALENDAR_INVALID");
    const missing = () => {
      throw new Error("ENOENT");
    };
    expect(of(missing)).toBe("BACKFILL_CALENDAR_INVALID");
  });

  test("a function that throws, or answers something else, is named with the date", () => {
    const bad = (choose: () => unknown) => refused(() => chosen(choose as () => boolean));
    expect(bad(() => undefined)).toBe("BACKFILL_DATES_INVALID");
    expect(
      bad(() => {
        throw new Error("no");
      }),
    ).toBe("BACKFILL_DATES_INVALID");
  });
});
