import { describe, expect, test } from "vitest";
import {
  businessDays,
  type CronOptions,
  continuous,
  cron,
  cronTrigger,
  type DagOptions,
  dag,
  events,
  every,
  isMillraceError,
  onCalendar,
  once,
  type Timetable,
} from "../../src/index.ts";
import { instantOf } from "../../src/time/temporal.ts";
import { nextRuns } from "../../src/timetable/next-runs.ts";
import { intervalOf } from "../../src/timetable/ticks.ts";
import { iso } from "./ask.ts";

const now = Date.parse("2026-11-21T12:00:00Z");

function told(
  schedule: Timetable | null,
  { from, count = 3, ...options }: DagOptions & { from?: string; count?: number },
) {
  const own = dag("d", { schedule, ...options }, (d) => d.empty("nothing"));
  return nextRuns(own, { count, now, from: from === undefined ? now : Date.parse(from) });
}

const dueOf = (...given: Parameters<typeof told>) => told(...given).runs.map(({ runAfter }) => iso(runAfter));

describe("the next runs", () => {
  test("are those that are due from an instant on, whatever has been run", () => {
    expect(dueOf(cron("0 2 * * *"), { startDate: "2020-01-01" })).toEqual([
      "2026-11-22T02:00Z",
      "2026-11-23T02:00Z",
      "2026-11-24T02:00Z",
    ]);
    expect(dueOf(cron("0 2 * * *"), { from: "2026-11-22T02:00:00Z", count: 1 })).toEqual(["2026-11-22T02:00Z"]);
    expect(dueOf(cronTrigger("0 2 * * *"), { from: "2020-01-01", count: 1 })).toEqual(["2020-01-01T02:00Z"]);
    expect(dueOf(every("7h"), { startDate: "-1d", count: 2 })).toEqual(["2026-11-21T16:00Z", "2026-11-21T23:00Z"]);
  });

  test("keep within the start date and the end date", () => {
    expect(dueOf(cron("@daily"), { startDate: "2027-01-01", count: 1 })).toEqual(["2027-01-02"]);
    expect(dueOf(cron("@daily"), { endDate: "2026-11-22" })).toEqual(["2026-11-22", "2026-11-23"]);
    expect(dueOf(cron("@daily"), { endDate: "2026-01-01" })).toEqual([]);
    expect(dueOf(events(["2026-12-01", "2026-01-01"]), {})).toEqual(["2026-12-01"]);
  });

  test("of schedules with few runs are as many as are known", () => {
    expect(dueOf(once(), { startDate: "2027-01-01" })).toEqual(["2027-01-01"]);
    expect(dueOf(once(), { startDate: "2026-01-01" })).toEqual([]);
    expect(dueOf(continuous(), { startDate: "2026-01-01" })).toEqual([iso(now)]);
    expect(dueOf(null, {})).toEqual([]);
  });

  test("are told in the zone of the schedule, or that of the DAG", () => {
    const { timezone, runs } = told(cron("0 2 * * *"), { timezone: "Asia/Kolkata", count: 1 });
    expect([timezone, runs[0].local.runAfter]).toEqual(["Asia/Kolkata", "2026-11-22T02:00:00+05:30"]);
    const own = told(cron("0 2 * * *", { timezone: "Europe/Berlin" }), { timezone: "Asia/Kolkata", count: 1 });
    expect([own.timezone, own.runs[0].local.start]).toEqual(["Europe/Berlin", "2026-11-21T02:00:00+01:00"]);
    expect(told(once(), { timezone: "Asia/Kolkata" }).timezone).toBe("Asia/Kolkata");
  });

  test("of a timetable that goes nowhere are an error, not an endless search", () => {
    const still: Timetable = {
      describe: () => "still",
      next: () => ({ interval: intervalOf(0, 1), runAfter: instantOf(1) }),
    };
    try {
      told(still, {});
      expect.unreachable();
    } catch (error) {
      expect(isMillraceError(error, "TIMETABLE_FAILED")).toBe(true);
    }
  });
});

describe("notes", () => {
  const berlin = { timezone: "Europe/Berlin" } as const;
  const notesOf = (schedule: Timetable, from: string, count = 2) =>
    told(schedule, { from, count }).runs.map(({ notes }) => notes.map(({ kind, local }) => `${kind} ${local}`));
  const at = (options: CronOptions, expression = "30 2 * * *") => cronTrigger(expression, { ...berlin, ...options });

  test("tell what became of a time that does not exist", () => {
    expect(notesOf(at({}), "2026-03-29")).toEqual([["shifted 2026-03-29T02:30"], []]);
    expect(notesOf(at({ gap: "skip" }), "2026-03-28", 3)).toEqual([[], ["skipped 2026-03-29T02:30"], []]);
    expect(notesOf(at({ stepHours: "elapsed" }, "0 */2 * * *"), "2026-03-29T00:30:00Z")).toEqual([
      ["skipped 2026-03-29T02:00"],
      [],
    ]);
    expect(notesOf(at({}, "*/30 * * * *"), "2026-03-29T00:30:00Z")).toEqual([[], []]);
  });

  test("tell which one of two it is", () => {
    expect(notesOf(at({}), "2026-10-25")).toEqual([["second_of_two 2026-10-25T02:30"], []]);
    expect(notesOf(at({ overlap: "first" }), "2026-10-25")).toEqual([["first_of_two 2026-10-25T02:30"], []]);
    expect(notesOf(at({ overlap: "both" }), "2026-10-25")).toEqual([
      ["first_of_two 2026-10-25T02:30"],
      ["second_of_two 2026-10-25T02:30"],
    ]);
  });

  test("tell of changes within a data interval", () => {
    const [{ notes }] = told(cron("0 12 * * *", berlin), { from: "2026-03-29", count: 1 }).runs;
    expect(notes).toEqual([{ kind: "change", local: "2026-03-29T02:00", changeMs: 3_600_000 }]);
    const [autumn] = told(cron("0 12 * * *", berlin), { from: "2026-10-25", count: 1 }).runs;
    expect(autumn.notes).toEqual([{ kind: "change", local: "2026-10-25T03:00", changeMs: -3_600_000 }]);
    // Its end is the change itself: nothing of it lies within.
    expect(notesOf(cron("0 1 * * *", { timezone: "Europe/London" }), "2026-03-29", 1)).toEqual([
      ["shifted 2026-03-29T01:00"],
    ]);
  });

  test("stay with runs that are delayed, merged or kept by a calendar", () => {
    const jitter = { max: "5m", seed: "x" };
    for (const schedule of [
      at({ jitter }),
      at({}, "30 2 * * *"),
      cronTrigger(["0 12 * * *", "30 2 * * *"], berlin),
      onCalendar(at({}), businessDays({ weekend: [1] })),
    ])
      expect(notesOf(schedule, "2026-03-29T00:00:00Z", 1)).toEqual([["shifted 2026-03-29T02:30"]]);
  });
});
