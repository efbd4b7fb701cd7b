import {
  businessDays,
  cron,
  cronTrigger,
  events,
  every,
  everyTrigger,
  onCalendar,
  once,
  type Timetable,
  union,
} from "@millrace/core";
import { timetableSuite } from "../../src/suites.ts";

// `continuous` is not among them: its runs depend on when they are asked for.

/** Schedules with data intervals. */
const intervals: Readonly<Record<string, Timetable>> = {
  "cron over changes of the clocks": cron("30 2 * * *", { timezone: "Europe/Berlin" }),
  "cron with both of two": cron("0,30 1 * * *", { timezone: "Australia/Lord_Howe", overlap: "both", gap: "skip" }),
  "cron of every few minutes": cron("*/7 * * * *", { timezone: "America/New_York" }),
  "cron by the second": cron("*/20 30 2 * * *", { timezone: "America/New_York", overlap: "first" }),
  "cron of rare days": cron("0 6 L * +FRI", { timezone: "Asia/Tokyo" }),
  "cron with jitter": cron("@hourly", { jitter: { max: "5m", seed: "s" } }),
  "several crons": cron(["0 0 1 * *", "0 12 * * MON"], { timezone: "America/Santiago" }),
  "every seven hours": every("7h"),
  "every month": every({ months: 1 }, { timezone: "America/New_York" }),
  "every month from an anchor": every({ months: 1 }, { timezone: "America/New_York", anchor: "2020-01-31" }),
  "every day and a half from an anchor": every("36h", { anchor: "2026-01-01T05:00:00Z" }),
  "a union": union(cron("0 6 * * *"), every("5d", { anchor: "2026-01-01" })),
  "business days": onCalendar(cron("0 0 * * *", { timezone: "Asia/Beirut" }), businessDays({ holidays: ["12-25"] })),
};

/** Schedules that leave time out between two runs. */
const withGaps: Readonly<Record<string, Timetable>> = {
  "cronTrigger over changes of the clocks": cronTrigger("30 1 * * *", { timezone: "America/New_York" }),
  "cronTrigger that looks back": cronTrigger("0 9 * * MON-FRI", { interval: "6h" }),
  everyTrigger: everyTrigger("36h"),
  "everyTrigger that looks back": everyTrigger({ weeks: 2 }, { interval: "1d", timezone: "Europe/Dublin" }),
  "a union of triggers": union(cronTrigger("0 9 * * *"), cronTrigger("0 9 1 * *"), events(["2026-03-01T10:00:00Z"])),
  "business days with intervals of their own": onCalendar(cron("0 0 * * *"), businessDays(), { skipped: "left_out" }),
  "several times on business days": onCalendar(cronTrigger("0 */6 * * *"), businessDays()),
};

for (const [name, timetable] of Object.entries(intervals)) timetableSuite(name, () => ({ timetable, steps: 100 }));
// Each of these is about moments, or about less time than lies between two runs.
for (const [name, timetable] of Object.entries(withGaps))
  timetableSuite(name, () => ({ timetable, isContiguous: false, steps: 100 }));

const days = Array.from({ length: 60 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day * 3)).toISOString());
// An event that is over is not made up for: that is what the list is for.
timetableSuite("events", () => ({ timetable: events(days), isContiguous: false, steps: 60, startsFromNow: true }));
timetableSuite("once", () => ({ timetable: once(), steps: 1 }));
