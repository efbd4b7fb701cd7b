import { describe, expect, test } from "vitest";
import {
  continuous,
  dag,
  type EventsOptions,
  events,
  type InstantInput,
  isMillraceError,
  once,
  type Timetable,
} from "../../src/index.ts";
import { Temporal } from "../../src/time/temporal.ts";
import { nextOf, startsOf } from "./ask.ts";

const manualAt = (timetable: Timetable, text: string): string[] => {
  const interval = timetable.manual?.(Temporal.Instant.from(text));
  return [String(interval?.start), String(interval?.end)];
};

describe("once", () => {
  test("is one run at the start date, or now, that ends with the end date", () => {
    const now = "2026-03-01T10:00:00Z";
    for (const catchup of [true, false]) {
      expect(nextOf(once(), { catchup, now, earliest: "2026-02-01" })).toEqual(Array(3).fill("2026-02-01"));
      expect(nextOf(once(), { catchup, now })).toEqual(Array(3).fill("2026-03-01T10:00Z"));
      expect(nextOf(once(), { catchup, now, latest: "2026-02-01" })).toBeNull();
      expect(nextOf(once(), { catchup, now, last: ["2020-01-01", "2020-01-01"] })).toBeNull();
    }
  });
});

describe("continuous", () => {
  test("is about the time since the last run, up to now", () => {
    const from = { earliest: "2026-03-01" };
    const first = nextOf(continuous(), { ...from, now: "2026-03-01T10:00:00Z" });
    expect(first).toEqual(["2026-03-01", "2026-03-01T10:00Z", "2026-03-01T10:00Z"]);
    expect(
      nextOf(continuous(), { ...from, last: ["2026-03-01", "2026-03-01T10:00:00Z"], now: "2026-03-01T10:30:00Z" }),
    ).toEqual(["2026-03-01T10:00Z", "2026-03-01T10:30Z", "2026-03-01T10:30Z"]);
  });

  test("begins in the future, or not at all without a start date, and is over with the end date", () => {
    const now = "2026-03-01T10:00:00Z";
    expect(nextOf(continuous(), { now, earliest: "2026-03-05" })).toEqual(Array(3).fill("2026-03-05"));
    expect(nextOf(continuous(), { now })).toBeNull();
    expect(nextOf(continuous(), { now, earliest: "2026-02-01", latest: "2026-02-28" })).toBeNull();
  });

  test("never starts twice at the same instant, nor before a run that is there", () => {
    const now = "2026-03-01T10:00:00Z";
    const last = [now, now] as const;
    expect(nextOf(continuous(), { now, last, earliest: "2026-02-01" })?.[0]).toBe("2026-03-01T10:00:00.001Z");
    // The clock was set back by an hour.
    const later = ["2026-03-01T10:30:00Z", "2026-03-01T11:00:00Z"] as const;
    expect(nextOf(continuous(), { now, last: later, earliest: "2026-02-01" })).toEqual([
      "2026-03-01T11:00Z",
      "2026-03-01T11:30Z",
      "2026-03-01T11:30Z",
    ]);
  });
});

describe("events", () => {
  const dates = ["2026-03-03", "2026-03-01T20:00:00Z", "2026-03-02", "2026-03-02T00:00:00+00:00"];

  test("come in their order, each once", () => {
    expect(startsOf(events(dates), { earliest: "2026-01-01" }, 9)).toEqual([
      "2026-03-01T20:00Z",
      "2026-03-02",
      "2026-03-03",
    ]);
    expect(events(dates).describe()).toBe("3 events from 2026-03-01 to 2026-03-03");
    expect(events([]).describe()).toBe("no events");
    expect(events(["2026-03-03"]).describe()).toBe("one event on 2026-03-03");
  });

  test("that have been are not made up for without catching up, unless it was just now", () => {
    expect(nextOf(events(dates), { catchup: false, now: "2026-03-02" })?.[0]).toBe("2026-03-02");
    expect(nextOf(events(dates), { catchup: false, now: "2026-03-02T00:05:00Z" })?.[0]).toBe("2026-03-02");
    expect(nextOf(events(dates), { catchup: false, now: "2026-03-02T00:05:01Z" })?.[0]).toBe("2026-03-03");
    expect(nextOf(events(dates), { catchup: false, now: "2026-04-01" })).toBeNull();
    expect(nextOf(events(dates), { earliest: "2026-03-02T12:00:00Z", latest: "2026-03-02T18:00:00Z" })).toBeNull();
  });

  test("of a list that is changed afterwards stay what they were", () => {
    const list = [...dates];
    const timetable = events(list);
    list.length = 0;
    expect(startsOf(timetable, { earliest: "2026-01-01" }, 9)).toHaveLength(3);
  });

  test("restrict runs by hand to the last event, or the first, if that is wanted", () => {
    const own = "2026-03-02T10:00:00Z";
    expect(manualAt(events(dates), own)).toEqual([own, own]);
    const restricted = events(dates, { restrictManual: true });
    expect(manualAt(restricted, own)[0]).toBe("2026-03-02T00:00:00Z");
    expect(manualAt(restricted, "2020-01-01T00:00:00Z")[0]).toBe("2026-03-01T20:00:00Z");
    expect(manualAt(events([], { restrictManual: true }), own)).toEqual([own, own]);
  });

  test("of bare dates are midnights of the DAG's zone", () => {
    const own = dag("d", { schedule: events(["2026-03-02"]), timezone: "Asia/Tokyo" }, (d) => d.empty("nothing"));
    expect(startsOf(own.schedule as Timetable, { earliest: "2026-01-01" }, 1)).toEqual(["2026-03-01T15:00Z"]);
  });

  test.each<[unknown]>([[["soon"]], [["-3d"]], [["2026-03-01T10:00"]], ["2026-03-01"], [[5]], [null]])(
    "refuses %o",
    (value) => {
      expect(() => events(value as InstantInput[])).toThrow(expect.objectContaining({ code: "EVENTS_INVALID" }));
    },
  );

  test("refuses options that are none", () => {
    const refused = (options: unknown) => {
      try {
        events(dates, options as EventsOptions);
      } catch (error) {
        return isMillraceError(error) ? error.code : undefined;
      }
      return undefined;
    };
    expect(refused({ restrictManual: "yes" })).toBe("DAG_OPTION_INVALID");
    expect(refused({ restrict: true })).toBe("DAG_OPTION_INVALID");
  });
});

test("runs one after the other, and runs that are known beforehand, are told apart", () => {
  expect([once().isPeriodic, continuous().isPeriodic, events([]).isPeriodic]).toEqual([false, false, undefined]);
  expect([once().maxActiveRuns, continuous().maxActiveRuns]).toEqual([undefined, 1]);
});
