import { describe, expect, test } from "vitest";
import { cron, cronTrigger, dag, isMillraceError, type Timetable } from "../index.ts";
import type { CronOptions } from "./cron-options.ts";
import { ticksOf } from "./ticks.ts";

const iso = (ms: number): string => new Date(ms).toISOString().replace(":00.000Z", "Z");

/** The first ticks from an instant on. */
function ticksFrom(timetable: Timetable, from: string, count: number): string[] {
  const found: string[] = [];
  let last: number | null = null;
  while (found.length < count) {
    const tick = ticksOf(timetable)({
      lastStart: last,
      lastEnd: last,
      earliest: Date.parse(from),
      latest: null,
      catchup: true,
      now: 0,
    });
    if (tick === null) break;
    found.push(iso(tick.start));
    last = tick.start;
  }
  return found;
}

const at = (expression: string, timezone: string, options: CronOptions = {}) =>
  cronTrigger(expression, { ...options, timezone });

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
  return "nothing was refused";
}

describe("a time of day", () => {
  test("that does not exist is shifted by the gap, once, or skipped", () => {
    const ask = (options: CronOptions) =>
      ticksFrom(at("30 2 * * *", "America/New_York", options), "2026-03-07T12:00:00Z", 2);
    expect(ask({})).toEqual(["2026-03-08T07:30Z", "2026-03-09T06:30Z"]);
    expect(ask({ gap: "skip" })).toEqual(["2026-03-09T06:30Z", "2026-03-10T06:30Z"]);
  });

  test("at midnight that does not exist is when the day begins", () => {
    expect(ticksFrom(at("0 0 * * *", "America/Sao_Paulo"), "2018-11-03T12:00:00Z", 2)).toEqual([
      "2018-11-04T03:00Z",
      "2018-11-05T02:00Z",
    ]);
  });

  test("that is there twice is the second one, the first one or both", () => {
    const ask = (overlap: CronOptions["overlap"], expression: string, timezone: string, from: string) =>
      ticksFrom(at(expression, timezone, { overlap }), from, 2);
    const newYork = ["30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z"] as const;
    expect(ask(undefined, ...newYork)).toEqual(["2026-11-01T06:30Z", "2026-11-02T06:30Z"]);
    expect(ask("second", ...newYork)).toEqual(["2026-11-01T06:30Z", "2026-11-02T06:30Z"]);
    expect(ask("first", ...newYork)).toEqual(["2026-11-01T05:30Z", "2026-11-02T06:30Z"]);
    expect(ask("both", ...newYork)).toEqual(["2026-11-01T05:30Z", "2026-11-01T06:30Z"]);
    const lordHowe = ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z"] as const;
    expect(ask("second", ...lordHowe)).toEqual(["2026-04-04T15:15Z", "2026-04-05T15:15Z"]);
    expect(ask("first", ...lordHowe)).toEqual(["2026-04-04T14:45Z", "2026-04-05T15:15Z"]);
  });

  test("that meets another one behind a gap is one tick", () => {
    expect(ticksFrom(at("0,30 2,3 * * *", "America/New_York"), "2026-03-08T00:00:00Z", 3)).toEqual([
      "2026-03-08T07:00Z",
      "2026-03-08T07:30Z",
      "2026-03-09T06:00Z",
    ]);
  });
});

describe("every hour", () => {
  test("goes by the passing of time: no half hour is lost or doubled where clocks change", () => {
    const half = at("*/30 * * * *", "America/New_York", { gap: "skip", overlap: "first" });
    const autumn = ticksFrom(half, "2026-11-01T04:30:00Z", 6);
    expect(autumn).toEqual(["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"].map((time) => `2026-11-01T${time}Z`));
    const spring = ticksFrom(half, "2026-03-08T06:00:00Z", 4);
    expect(spring).toEqual(["06:00", "06:30", "07:00", "07:30"].map((time) => `2026-03-08T${time}Z`));
  });

  test("with a step goes by the clock, or by the passing of time if wanted", () => {
    const ask = (stepHours: CronOptions["stepHours"]) =>
      ticksFrom(at("0 */2 * * *", "America/Toronto", { stepHours }), "2023-03-12T05:00:00Z", 4);
    expect(ask("wall")).toEqual(["05:00", "07:00", "08:00", "10:00"].map((time) => `2023-03-12T${time}Z`));
    expect(ask("elapsed")).toEqual(["05:00", "08:00", "10:00", "12:00"].map((time) => `2023-03-12T${time}Z`));
  });
});

describe("an expression", () => {
  test.each([
    ["0 0 29 2 *", "2026-01-01", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["0 0 L * *", "2027-01-31", ["2027-01-31T00:00Z", "2027-02-28T00:00Z"]],
    ["0 0 LW * *", "2026-05-01", ["2026-05-29T00:00Z", "2026-06-30T00:00Z"]],
    ["0 0 15W * *", "2026-08-01", ["2026-08-14T00:00Z", "2026-09-15T00:00Z"]],
    ["0 0 * * FRI#L", "2026-10-01", ["2026-10-30T00:00Z", "2026-11-27T00:00Z"]],
    ["0 0 * * 5#2", "2026-10-01", ["2026-10-09T00:00Z", "2026-11-13T00:00Z"]],
    ["0 0 13 * FRI", "2026-10-01", ["2026-10-02T00:00Z", "2026-10-09T00:00Z"]],
    ["0 0 13 * +FRI", "2026-10-01", ["2026-11-13T00:00Z", "2027-08-13T00:00Z"]],
    ["0 0 * * 7", "2026-10-01", ["2026-10-04T00:00Z", "2026-10-11T00:00Z"]],
    ["30 15 10 * * *", "2026-10-01", ["2026-10-01T10:15:30.000Z", "2026-10-02T10:15:30.000Z"]],
    ["0 0 0 1 1 * 2030", "2026-10-01", ["2030-01-01T00:00Z"]],
    ["@quarterly", "2026-10-02", ["2027-01-01T00:00Z", "2027-04-01T00:00Z"]],
  ])("%s from %s", (expression, from, wanted) => {
    expect(ticksFrom(cronTrigger(expression), `${from}T00:00:00Z`, 2)).toEqual(wanted);
  });

  test.each([
    ["0 0 30 2 *", "CRON_NEVER"],
    ["0 0 31 4,6,9,11 *", "CRON_NEVER"],
    ["0 0 0 1 1 +MON 2026", "CRON_NEVER"],
    ["0 0 0 29 2 * 2027", "CRON_NEVER"],
    ["", "CRON_INVALID"],
    ["* * * *", "CRON_INVALID"],
    ["0 0 1 13 0", "CRON_INVALID"],
    ["60 * * * *", "CRON_INVALID"],
    ["@once", "CRON_INVALID"],
    ["@reboot", "CRON_INVALID"],
    ["* ".repeat(600), "CRON_INVALID"],
    [5, "CRON_INVALID"],
    [[], "CRON_INVALID"],
    [null, "CRON_INVALID"],
  ])("%j is refused with %s", (expression, code) => {
    expect(codeOf(() => cron(expression as string))).toBe(code);
  });

  test("whose times are all skipped in its zone is refused, without searching for ever", () => {
    const missing = ["30 2 * 3 SUN#L", "15,45 2 * 3 SUN#L"] as const;
    for (const expression of missing) {
      expect(codeOf(() => cron(expression, { timezone: "Europe/Berlin", gap: "skip" }))).toBe("CRON_NEVER");
      expect(codeOf(() => cron(expression, { timezone: "Europe/Berlin" }))).toBe("nothing was refused");
      const schedule = cron(expression, { gap: "skip" });
      const inBerlin = () => dag("d", { schedule, timezone: "Europe/Berlin" }, (d) => d.empty("nothing"));
      expect(inBerlin).toThrow("no time at all in Europe/Berlin");
    }
    // Never again, but in a year that is named there was one.
    const once = at("0 30 2 29 3 * 2026", "Europe/Berlin", { gap: "skip" });
    expect(ticksFrom(once, "2020-01-01T00:00:00Z", 1)).toEqual([]);
  });

  test("that has nothing more to come ends, at once", () => {
    for (const timezone of ["UTC", "Europe/Berlin"])
      expect(ticksFrom(at("0 0 0 1 1 * 2020", timezone), "2026-01-01T00:00:00Z", 1)).toEqual([]);
    expect(ticksFrom(at("0 0 * * *", "Europe/Berlin"), "9999-12-30T12:00:00Z", 9)).toEqual(["9999-12-30T23:00Z"]);
  });

  test("that is refused names its value as it was written", () => {
    expect(() => cron("0 0 1 13 0")).toThrow("the month 13 is out of range");
    expect(() => cron("0 0 32 1 0")).toThrow("the day 32 is out of range");
    expect(() => cron("0 0 1 1 8")).toThrow("the weekday 8 is out of range");
  });
});

describe("options", () => {
  test.each([
    [{ gap: "later" }],
    [{ overlap: "none" }],
    [{ stepHours: "both" }],
    [{ timeZone: "UTC" }],
    [{ jitter: "soon" }],
    [{ interval: "1h" }],
    ["UTC"],
  ])("%j are refused", (options) => {
    expect(codeOf(() => cron("@daily", options as CronOptions))).toBe("DAG_OPTION_INVALID");
  });

  test("of triggers are checked too", () => {
    expect(codeOf(() => cronTrigger("@daily", { interval: "-1h" }))).toBe("DAG_OPTION_INVALID");
    expect(codeOf(() => cronTrigger("@daily", { runImmediately: "soon" }))).toBe("DAG_OPTION_INVALID");
    expect(codeOf(() => cronTrigger("@daily", { timezone: "Mars/Olympus" }))).toBe("TIMEZONE_INVALID");
  });
});

describe("the time zone", () => {
  const scheduleOf = (schedule: Timetable) =>
    dag("d", { schedule, timezone: "Asia/Tokyo" }, (d) => d.empty("nothing")).schedule as Timetable;

  test("is the DAG's, unless the cron has one of its own", () => {
    const first = (timetable: Timetable) => ticksFrom(timetable, "2026-01-01T00:00:00Z", 1);
    expect(first(scheduleOf(cron("0 2 * * *")))).toEqual(["2026-01-01T17:00Z"]);
    expect(first(scheduleOf(cron("0 2 * * *", { timezone: "Europe/Berlin" })))).toEqual(["2026-01-01T01:00Z"]);
    expect(first(cron("0 2 * * *"))).toEqual(["2026-01-01T02:00Z"]);
    expect(scheduleOf(cron("0 2 * * *")).timezone).toBe("Asia/Tokyo");
  });

  test("and whatever else is not as usual is told to people", () => {
    expect(cron("0 2 * * *").describe()).toBe("0 2 * * *");
    expect(scheduleOf(cron("0 2 * * *")).describe()).toBe("0 2 * * * (Asia/Tokyo)");
    expect(
      cronTrigger(["@daily", "0 9 * * *"], {
        timezone: "Europe/Berlin",
        gap: "skip",
        overlap: "both",
        stepHours: "elapsed",
        jitter: "90s",
        interval: "1d",
      }).describe(),
    ).toBe(
      "at @daily, 0 9 * * * (Europe/Berlin, gap skip, overlap both, stepHours elapsed, jitter 1 min 30 s, interval 1 d)",
    );
  });
});
