import type { RunState } from "@millrace/core";
import { instantOf } from "@millrace/core/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dagOf, dayMs, hourMs, inNumbers, steps } from "../../test/schedules.ts";
import { planBackfill } from "./plan-backfill.ts";
import type { PlanBackfillOptions } from "./plan-options.ts";

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/St_Johns",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Pacific/Apia",
] as const;
const stateNames: readonly RunState[] = ["queued", "running", "success", "failed", "cancelled"];
const weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const cases = fc.record({
  zone: fc.constantFrom(...zones),
  stepMs: fc.constantFrom(hourMs, 5 * hourMs, dayMs, 36 * hourMs),
  isOwn: fc.boolean(),
  firstDay: fc.integer({ min: -20, max: 700 }),
  days: fc.integer({ min: 0, max: 12 }),
  nowAfterDays: fc.integer({ min: 0, max: 20 }),
  reprocess: fc.constantFrom("none", "failed", "completed"),
  order: fc.constantFrom("forward", "backward"),
  states: fc.array(fc.tuple(fc.nat(300), fc.constantFrom(...stateNames)), { maxLength: 40 }),
  skipWeekdays: fc.array(fc.constantFrom(...weekdayNames), { maxLength: 2 }),
  skipDays: fc.option(fc.tuple(fc.nat(12), fc.nat(5)), { nil: undefined }),
  onlyHours: fc.option(fc.nat(23), { nil: undefined }),
});

const isoDate = (day: number): string => new Date(Date.UTC(2026, 0, 1) + day * dayMs).toISOString().slice(0, 10);

/** The rules of a plan told again, instant by instant, with the calendar of the runtime and nothing of the planner's. */
function restated(
  given: typeof cases extends fc.Arbitrary<infer T> ? T : never,
  known: ReadonlyMap<number, RunState>,
  now: number,
) {
  const { zone, stepMs, firstDay, days, reprocess, order, skipWeekdays, skipDays, onlyHours } = given;
  const [from, to] = [isoDate(firstDay), isoDate(firstDay + days)];
  const lines: string[] = [];
  const middle = Date.UTC(2026, 0, 1) + firstDay * dayMs;
  const first = Math.floor((middle - 3 * dayMs) / stepMs) * stepMs;
  for (let start = first; start < middle + (days + 3) * dayMs; start += stepMs) {
    const local = instantOf(start).toZonedDateTimeISO(zone).toPlainDateTime();
    const date = local.toPlainDate().toString();
    if (date < from || date > to || start + stepMs > now) continue;
    const state = known.get(start);
    const skipped =
      skipWeekdays.includes(weekdayNames[local.dayOfWeek % 7] as string) ||
      (skipDays !== undefined &&
        date >= isoDate(firstDay + skipDays[0]) &&
        date <= isoDate(firstDay + skipDays[0] + skipDays[1]));
    const chosen = !skipped && (onlyHours === undefined || local.hour === onlyHours);
    const again = { none: [], failed: ["failed", "cancelled"], completed: ["failed", "cancelled", "success"] }[
      reprocess
    ] as string[];
    const action = !chosen ? "skip" : state === undefined ? "create" : again.includes(state) ? "reprocess" : "skip";
    lines.push(`${new Date(start).toISOString()} ${date} ${action}`);
  }
  return order === "backward" ? lines.reverse() : lines;
}

test("a plan is what its rules say, told again instant by instant", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { zone, stepMs, isOwn, firstDay, days, nowAfterDays, skipDays, onlyHours } = given;
      const base = Date.UTC(2026, 0, 1) + firstDay * dayMs;
      const now = base + (nowAfterDays + 1) * dayMs;
      const grid = Math.floor(base / stepMs) * stepMs;
      const known = new Map(given.states.map(([place, state]) => [grid + (place - 30) * stepMs, state]));
      const options: PlanBackfillOptions = {
        from: isoDate(firstDay),
        to: isoDate(firstDay + days),
        now,
        reprocess: given.reprocess,
        order: given.order,
        existing: [...known].map(([logicalDate, state]) => ({ logicalDate, state })),
        skip: [
          ...given.skipWeekdays,
          ...(skipDays ? [`${isoDate(firstDay + skipDays[0])}..${isoDate(firstDay + skipDays[0] + skipDays[1])}`] : []),
        ],
        ...(onlyHours !== undefined && {
          only: [({ logicalDate }) => logicalDate.toZonedDateTimeISO(zone).hour === onlyHours],
        }),
      };
      const schedule = isOwn ? steps(stepMs) : inNumbers(stepMs);
      const plan = planBackfill(dagOf(schedule, { timezone: zone }), options);
      const lines = [...plan.runs].map(
        (run) => `${run.logicalDate.toString({ fractionalSecondDigits: 3 })} ${run.localDate} ${run.action}`,
      );
      expect(lines).toEqual(restated(given, known, now));
      const count = (action: string) => lines.filter((line) => line.endsWith(action)).length;
      expect(plan.counts).toEqual({
        total: lines.length,
        create: count("create"),
        reprocess: count("reprocess"),
        skip: count("skip"),
      });
      expect(plan.runs.length).toBe(lines.length);
      for (const [place, run] of [...plan.runs].entries()) expect(plan.runs.at(place - lines.length)).toEqual(run);
    }),
    { numRuns: Number(process.env.MILLRACE_SOAK ? 5_000 : 150) },
  );
});
