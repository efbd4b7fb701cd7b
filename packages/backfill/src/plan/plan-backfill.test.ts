import { dag } from "@millrace/core";
import { isMillraceError } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { dagOf, daily, hourly, hourMs, inNumbers, moments, steps } from "../../test/schedules.ts";
import { planBackfill } from "./plan-backfill.ts";
import type { PlanBackfillOptions } from "./plan-options.ts";
import type { BackfillPlan } from "./planned-run.ts";

const range = { from: "2026-01-01", to: "2026-01-05", now: "2026-03-01T00:00:00Z" } as const;

const actions = (plan: BackfillPlan) => [...plan.runs].map(({ localDate, action }) => `${localDate} ${action}`);
const reasons = (plan: BackfillPlan) => Object.fromEntries([...plan.runs].map((run) => [run.localDate, run.reason]));
const codeOf = (step: () => unknown): string | undefined => {
  try {
    step();
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
  return undefined;
};
const states = { success: "success", failed: "failed", running: "running", cancelled: "cancelled" } as const;
const existing = (found: Readonly<Record<string, keyof typeof states>>) =>
  Object.entries(found).map(([date, state]) => ({ logicalDate: Date.parse(`${date}T00:00:00Z`), state }));

describe("a plan", () => {
  test("has every date of the range, the last day included, oldest first or newest first", () => {
    const days = ["01", "02", "03", "04", "05"].map((day) => `2026-01-${day} create`);
    expect(actions(planBackfill(dagOf(daily), range))).toEqual(days);
    const backward = planBackfill(dagOf(daily), { ...range, order: "backward" });
    expect(actions(backward)).toEqual([...days].reverse());
    expect(backward.runs.at(0)?.localDate).toBe("2026-01-05");
    expect(backward.runs.at(-1)?.localDate).toBe("2026-01-01");
    expect([backward.runs.at(5), backward.runs.at(-6)]).toEqual([undefined, undefined]);
    expect(backward.runs.at(0.5)).toEqual(backward.runs.at(0));
  });

  test("takes the days of the DAG's time zone, whatever their length", () => {
    // On 29 March 2026 Berlin's day has 23 hours, on 25 October it has 25.
    const plan = (day: string) =>
      planBackfill(dagOf(hourly, { timezone: "Europe/Berlin" }), { from: day, to: day, now: "2027-01-01T00:00:00Z" });
    expect([plan("2026-03-28"), plan("2026-03-29"), plan("2026-10-25")].map(({ counts }) => counts.total)).toEqual([
      24, 23, 25,
    ]);
    expect(String(plan("2026-03-29").runs.at(0)?.logicalDate)).toBe("2026-03-28T23:00:00Z");
    expect(new Set([...plan("2026-10-25").runs].map(({ localDate }) => localDate))).toEqual(new Set(["2026-10-25"]));
  });

  test("ends with the instant that is given, when that is no bare date", () => {
    const options = { ...range, to: "2026-01-01T12:00:00Z" };
    expect(planBackfill(dagOf(hourly), options).counts.total).toBe(13);
  });

  test("has only intervals that have ended", () => {
    const at = (now: string) => planBackfill(dagOf(daily), { ...range, now }).counts.total;
    expect([at("2026-01-02T23:59:59.999Z"), at("2026-01-03T00:00:00Z"), at("2026-01-01T00:00:00Z")]).toEqual([1, 2, 0]);
  });

  test("leaves runs in flight alone, whatever is to be run again, and others unless they are", () => {
    const found = {
      "2026-01-01": "running",
      "2026-01-02": "success",
      "2026-01-03": "failed",
      "2026-01-04": "cancelled",
    } as const;
    const plan = (reprocess: PlanBackfillOptions["reprocess"]) =>
      planBackfill(dagOf(daily), { ...range, reprocess, existing: existing(found) });
    const days = (...words: readonly string[]) => words.map((word, place) => `2026-01-0${place + 1} ${word}`);
    expect(actions(plan("none"))).toEqual(days("skip", "skip", "skip", "skip", "create"));
    expect(actions(plan("failed"))).toEqual(days("skip", "skip", "reprocess", "reprocess", "create"));
    expect(actions(plan("completed"))).toEqual(days("skip", "reprocess", "reprocess", "reprocess", "create"));
    expect(plan("failed").counts).toEqual({ total: 5, create: 1, reprocess: 2, skip: 2 });
    expect(reasons(plan("failed"))).toEqual({
      "2026-01-01": "in flight: its run is running",
      "2026-01-02": "already exists: its run ended as 'success', and only failed ones are run again",
      "2026-01-03": "its run ended as 'failed' and is run again",
      "2026-01-04": "its run ended as 'cancelled' and is run again",
      "2026-01-05": "there is no run of it yet",
    });
  });

  test("may precede the start date, and steps that are counted from it still arrive there", () => {
    const start = Date.UTC(2026, 0, 10, 3);
    const from = "2026-01-09T12:00:00Z";
    const plan = (schedule = steps(6 * hourMs, "earliest"), startDate: string | undefined = "2026-01-10T03:00:00Z") =>
      planBackfill(dagOf(schedule, { startDate }), { ...range, from, to: "2026-01-10" });
    const starts = [...plan().runs].map(({ logicalDate }) => logicalDate.epochMilliseconds - start);
    expect(starts).toEqual([-12, -6, 0, 6, 12, 18].map((hours) => hours * hourMs));
    const later = planBackfill(dagOf(steps(6 * hourMs, "earliest"), { startDate: "2026-01-01T03:00:00Z" }), {
      ...range,
      from,
      to: "2026-01-10",
    });
    expect(later.runs.at(0)?.logicalDate.epochMilliseconds).toBe(Date.UTC(2026, 0, 9, 15));
    const known = planBackfill(dagOf(steps(6 * hourMs, "earliest")), {
      ...range,
      from,
      to: "2026-01-10",
      startDate: start,
    });
    expect(known.digest).toBe(plan().digest);
  });

  test("gives each run the params and conf that it is to have, checked against the DAG's schema", () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          (value as { region?: string }).region === "mars"
            ? { issues: [{ message: "there is no such region", path: ["region"] }] }
            : { value: { size: 1, ...(value as object) } },
      },
    };
    const sales = dag("sales", { schedule: daily, params: schema }, (d) => void d.task("load", () => 1));
    const fixed = planBackfill(sales, { ...range, params: { region: "eu" }, conf: { why: "late data" } });
    expect(fixed.runs.at(0)).toMatchObject({ params: { size: 1, region: "eu" }, conf: { why: "late data" } });
    const each = planBackfill(sales, {
      ...range,
      params: ({ localDate }) => ({ day: localDate }),
      existing: existing({ "2026-01-01": "success" }),
    });
    expect(each.runs.at(1)?.params).toEqual({ size: 1, day: "2026-01-02" });
    expect(each.runs.at(0)).not.toHaveProperty("params");
    expect(codeOf(() => planBackfill(sales, { ...range, params: { region: "mars" } }))).toBe("PARAMS_INVALID");
    expect(
      codeOf(() =>
        planBackfill(sales, {
          ...range,
          params: ({ localDate }) => ({ region: localDate === "2026-01-04" ? "mars" : "eu" }),
        }),
      ),
    ).toBe("PARAMS_INVALID");
    const later = { "~standard": { ...schema["~standard"], validate: async () => ({ value: 1 }) } };
    const patient = dag("patient", { schedule: daily, params: later }, (d) => void d.task("load", () => 1));
    expect(codeOf(() => planBackfill(patient, range))).toBe("BACKFILL_PARAMS_ASYNC");
    expect(codeOf(() => planBackfill(sales, { ...range, conf: 5 as never }))).toBe("BACKFILL_OPTION_INVALID");
  });

  test("estimates by rounds of as many runs as may be active, each as long as the average", () => {
    const history = [
      { startedAt: 0, endedAt: 2_000 },
      { startedAt: 0, endedAt: 4_000 },
      { startedAt: null, endedAt: 9_000 },
      { startedAt: 5, endedAt: null },
    ];
    const plan = (options: Partial<PlanBackfillOptions>, maxActiveRuns = 16) =>
      planBackfill(dagOf(daily, { maxActiveRuns }), { ...range, history, ...options }).estimate;
    expect(plan({})).toEqual({ runs: 5, atOnce: 10, runMs: 3_000, totalMs: 3_000, basedOn: 2 });
    expect(plan({ maxActive: 2 })).toMatchObject({ atOnce: 2, totalMs: 9_000 });
    expect(plan({}, 1)).toMatchObject({ atOnce: 1, totalMs: 15_000 });
    expect(plan({ history: [] })).toBeNull();
    expect(plan({ skip: ["2026-01-01..2026-01-05"] })).toBeNull();
    const past = planBackfill(dagOf(daily, { dependsOnPast: true }), { ...range, history, reprocess: "failed" });
    expect(past.estimate).toMatchObject({ atOnce: 1 });
  });
});

describe("the digest of a plan", () => {
  const digest = (options: Partial<PlanBackfillOptions> = {}) =>
    planBackfill(dagOf(daily), { ...range, ...options }).digest;

  test("is the same for the same dates and deeds, however they were asked for", () => {
    expect(digest()).toMatch(/^[0-9a-f]{16}$/);
    expect(digest({ from: "2026-01-01T00:00:00Z", now: "2026-04-01T00:00:00Z" })).toBe(digest());
    const running = existing({ "2026-01-01": "running" });
    expect(digest({ existing: running })).toBe(digest({ existing: existing({ "2026-01-01": "success" }) }));
  });

  test("changes with every date, deed, order, params and conf", () => {
    const others = [
      {},
      { to: "2026-01-06" },
      { from: "2026-01-02" },
      { order: "backward" as const },
      { existing: existing({ "2026-01-01": "running" }) },
      { existing: existing({ "2026-01-02": "running" }) },
      { existing: existing({ "2026-01-02": "failed" }), reprocess: "failed" as const },
      { params: { a: 1 } },
      { params: ({ localDate }: { localDate: string }) => ({ a: localDate }) },
      { params: ({ localDate }: { localDate: string }) => ({ a: `${localDate}!` }) },
      { conf: { a: 1 } },
    ];
    expect(new Set(others.map(digest)).size).toBe(others.length);
    expect(planBackfill(dagOf(daily, {}, "other"), range).digest).not.toBe(digest());
  });
});

describe("a plan is refused", () => {
  test.each([
    ["a range that ends before it begins", { from: "2026-01-05", to: "2026-01-01" }, "BACKFILL_RANGE_INVALID"],
    ["a range in the future", { now: "2025-12-31T00:00:00Z" }, "BACKFILL_RANGE_INVALID"],
    ["no instant", { from: "soon" }, "INSTANT_INVALID"],
    ["no last instant", { to: "2026-02-30" }, "INSTANT_INVALID"],
    ["an unknown order", { order: "sideways" }, "BACKFILL_OPTION_INVALID"],
    ["an unknown reprocess", { reprocess: "all" }, "BACKFILL_OPTION_INVALID"],
    ["no time at all", { now: Number.NaN }, "BACKFILL_OPTION_INVALID"],
    ["none at once", { maxActive: 0 }, "BACKFILL_OPTION_INVALID"],
    ["an unknown state", { existing: [{ logicalDate: 0, state: "done" }] }, "BACKFILL_OPTION_INVALID"],
    ["dates of no kind", { skip: [5] }, "BACKFILL_DATES_INVALID"],
    ["dates that are no list", { only: "mon" }, "BACKFILL_OPTION_INVALID"],
  ])("for %s", (_, options, code) => {
    expect(codeOf(() => planBackfill(dagOf(daily), { ...range, ...options } as PlanBackfillOptions))).toBe(code);
  });

  test("for a DAG without dates, but not for one with listed dates", () => {
    expect(codeOf(() => planBackfill(dagOf(null), range))).toBe("BACKFILL_NOT_PERIODIC");
    const once = { ...daily, isPeriodic: false };
    expect(codeOf(() => planBackfill(dagOf(once), range))).toBe("BACKFILL_NOT_PERIODIC");
    const listed = moments(
      "2025-12-31T08:00:00Z",
      "2026-01-02T08:00:00Z",
      "2026-01-05T23:59:59Z",
      "2026-01-06T00:00:00Z",
    );
    expect(actions(planBackfill(dagOf(listed), range))).toEqual(["2026-01-02 create", "2026-01-05 create"]);
  });

  test("for tasks that depend on their past: backward, and without running failed ones again", () => {
    const past = dagOf(daily, { dependsOnPast: true });
    expect(codeOf(() => planBackfill(past, range))).toBe("BACKFILL_PAST_NEEDS_REPROCESS");
    expect(codeOf(() => planBackfill(past, { ...range, reprocess: "failed", order: "backward" }))).toBe(
      "BACKFILL_PAST_NEEDS_FORWARD",
    );
    expect(planBackfill(past, { ...range, reprocess: "failed" }).counts.create).toBe(5);
  });

  test("for more dates than a plan can have, and for a timetable that stands still", () => {
    const fine = inNumbers(1_000);
    expect(codeOf(() => planBackfill(dagOf(fine), { ...range, to: "2026-01-20" }))).toBe("BACKFILL_TOO_LARGE");
    const stuck = {
      ...daily,
      next: () => daily.next({ lastInterval: null, earliest: null, latest: null, catchup: true, now: null as never }),
    };
    expect(codeOf(() => planBackfill(dagOf(stuck), { ...range, from: "0001-01-01" }))).toBe("TIMETABLE_FAILED");
  });
});
