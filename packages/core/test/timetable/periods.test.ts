import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dag, type EveryOptions, every, everyTrigger, isMillraceError, type Timetable } from "../../src/index.ts";
import { instantOf, Temporal } from "../../src/time/temporal.ts";
import { iso, nextOf, runsOf, startsOf } from "./ask.ts";

const codeOf = (step: () => unknown): string => {
  try {
    step();
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
  return "nothing was refused";
};

describe("every", () => {
  test("counts from the start date, or from the last run, whatever the clocks do", () => {
    const berlin: EveryOptions = { timezone: "Europe/Berlin" };
    expect(startsOf(every("12h", berlin), { earliest: "2026-03-28T00:07:00Z" }, 4)).toEqual([
      "2026-03-28T00:07Z",
      "2026-03-28T12:07Z",
      "2026-03-29T00:07Z",
      "2026-03-29T12:07Z",
    ]);
    expect(nextOf(every("1h"), { last: ["2026-01-01T04:20:00Z", "2026-01-01T05:20:00Z"] })).toEqual([
      "2026-01-01T05:20Z",
      "2026-01-01T06:20Z",
      "2026-01-01T06:20Z",
    ]);
  });

  test("counts months in the calendar of its zone: without an anchor a short month shortens the day for good", () => {
    const berlin: EveryOptions = { timezone: "Europe/Berlin" };
    const from = { earliest: "2026-01-30T23:00:00Z" };
    const days = ["2026-01-30T23:00Z", "2026-02-27T23:00Z", "2026-03-27T23:00Z", "2026-04-27T22:00Z"];
    expect(startsOf(every({ months: 1 }, berlin), from, 4)).toEqual(days);
    const ends = ["2026-01-30T23:00Z", "2026-02-27T23:00Z", "2026-03-30T22:00Z", "2026-04-29T22:00Z"];
    expect(startsOf(every({ months: 1 }, { ...berlin, anchor: "2026-01-31" }), from, 4)).toEqual(ends);
    const weekly = startsOf(every({ weeks: 1 }, berlin), { earliest: "2026-03-22T23:00:00Z" }, 2);
    expect(weekly).toEqual(["2026-03-22T23:00Z", "2026-03-29T22:00Z"]);
  });

  test("goes to the last whole period without catching up, in the same rhythm", () => {
    const late = { catchup: false, now: "2026-06-29T12:00:00Z" };
    expect(nextOf(every({ months: 1 }), { ...late, earliest: "2025-01-31T00:00:00Z" })?.slice(0, 2)).toEqual([
      "2026-05-28",
      "2026-06-28",
    ]);
    expect(nextOf(every("7h"), { ...late, earliest: "2026-06-28T00:30:00Z" })?.slice(0, 2)).toEqual([
      "2026-06-29T04:30Z",
      "2026-06-29T11:30Z",
    ]);
    expect(nextOf(every("7h"), { ...late, earliest: "2026-07-01T00:00:00Z" })?.slice(0, 1)).toEqual(["2026-07-01"]);
    expect(nextOf(every("6h"), late)?.slice(0, 2)).toEqual(["2026-06-29T06:00Z", "2026-06-29T12:00Z"]);
    expect(nextOf(every({ months: 1 }), late)?.slice(0, 2)).toEqual(["2026-05-29T12:00Z", "2026-06-29T12:00Z"]);
  });

  test("from an anchor, the instants are those that Temporal counts from it, forwards and back", () => {
    fc.assert(
      fc.property(
        fc.constantFrom({ months: 1 }, { months: 5 }, { years: 1 }, { weeks: 3 }, { months: 1, days: 3 }),
        fc.date({ min: new Date("1990-01-01"), max: new Date("2030-12-31"), noInvalidDate: true }),
        fc.integer({ min: -200, max: 200 }),
        (period, date, count) => {
          const timezone = "America/Santiago";
          const anchor = Temporal.Instant.fromEpochMilliseconds(Math.floor(date.getTime() / 1_000) * 1_000);
          const at = (number: number): number => {
            const parts = Object.entries(period).map(([part, length]) => [part, length * number]);
            return anchor.toZonedDateTimeISO(timezone).add(Object.fromEntries(parts)).epochMilliseconds;
          };
          const timetable = every(period, { timezone, anchor });
          const earliest = iso(at(count) + 1).replace(/^(\d{4}-\d\d-\d\d)$/, "$1T00:00:00Z");
          const found = runsOf(timetable, { earliest: new Date(at(count) + 1).toISOString() }, 3);
          expect([earliest, found.map(({ start }) => start)]).toEqual([
            earliest,
            [1, 2, 3].map((by) => at(count + by)),
          ]);
          const manual = timetable.manual?.(instantOf(at(count) - 1));
          expect([manual?.start, manual?.end].map((instant) => instant?.epochMilliseconds)).toEqual([
            at(count - 2),
            at(count - 1),
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of a run that somebody asks for gives the period before it", () => {
    const manual = (timetable: Timetable) => {
      const interval = timetable.manual?.(Temporal.Instant.from("2026-03-31T10:00:00Z"));
      return [interval?.start, interval?.end].map((instant) => iso(instant?.epochMilliseconds ?? Number.NaN));
    };
    expect(manual(every("6h"))).toEqual(["2026-03-31T04:00Z", "2026-03-31T10:00Z"]);
    expect(manual(every({ months: 1 }))).toEqual(["2026-02-28T10:00Z", "2026-03-31T10:00Z"]);
    expect(manual(everyTrigger("6h", { interval: "1h" }))).toEqual(["2026-03-31T09:00Z", "2026-03-31T10:00Z"]);
  });

  test("takes the zone of its DAG, and says what it is", () => {
    const schedule = every({ months: 1 }, { anchor: "2026-01-31" });
    const own = dag("d", { schedule, timezone: "Asia/Tokyo" }, (d) => d.empty("nothing")).schedule as Timetable;
    expect(startsOf(own, { earliest: "2026-01-01T00:00:00Z" }, 2)).toEqual(["2026-01-30T15:00Z", "2026-02-27T15:00Z"]);
    expect(own.describe()).toBe("every 1 month (Asia/Tokyo, from 2026-01-31)");
    expect(every("90m").describe()).toBe("every 1 h 30 min");
    expect(every({ years: 1, months: 6 }).describe()).toBe("every 1 year 6 months");
    expect(everyTrigger("30s", { interval: "1d" }).describe()).toBe("at every 30 s (interval 1 d)");
  });

  test.each<[unknown, string]>([
    ["0s", "PERIOD_INVALID"],
    ["0.5ms", "PERIOD_INVALID"],
    ["-1d", "DURATION_INVALID"],
    ["soon", "DURATION_INVALID"],
    [{ months: -1 }, "DURATION_INVALID"],
    [{ months: 1.5 }, "DURATION_INVALID"],
    [{ months: 1, hours: 2 }, "PERIOD_INVALID"],
    [{ months: 0 }, "DURATION_INVALID"],
    [Temporal.Duration.from("-P1Y"), "DURATION_INVALID"],
    [null, "DURATION_INVALID"],
  ])("refuses %o with %s", (period, code) => {
    expect(codeOf(() => every(period as string))).toBe(code);
  });

  test("refuses options that are none", () => {
    expect(codeOf(() => every("1h", { anchor: "soon" }))).toBe("INSTANT_INVALID");
    expect(codeOf(() => every("1h", { timezone: "Mars/Olympus" }))).toBe("TIMEZONE_INVALID");
    expect(codeOf(() => every("1h", { interval: "1h" } as EveryOptions))).toBe("DAG_OPTION_INVALID");
    expect(codeOf(() => everyTrigger("1h", { interval: "soon" }))).toBe("DAG_OPTION_INVALID");
  });
});

describe("everyTrigger", () => {
  test("is due at the start date and then once in each period, or at once without one", () => {
    expect(startsOf(everyTrigger("6h"), { earliest: "2026-01-01T05:00:00Z" }, 2)).toEqual([
      "2026-01-01T05:00Z",
      "2026-01-01T11:00Z",
    ]);
    const now = "2026-01-01T05:20:00Z";
    for (const catchup of [true, false])
      expect(nextOf(everyTrigger("6h"), { catchup, now })).toEqual(Array(3).fill("2026-01-01T05:20Z"));
  });

  test("goes to the last moment that is due without catching up, and looks back from it", () => {
    const late = { catchup: false, now: "2026-06-29T12:00:00Z" };
    const timetable = everyTrigger("7h", { interval: "1h" });
    expect(nextOf(timetable, { ...late, last: ["2026-06-28T00:00:00Z", "2026-06-28T01:00:00Z"] })).toEqual([
      "2026-06-29T11:00Z",
      "2026-06-29T12:00Z",
      "2026-06-29T12:00Z",
    ]);
  });
});
