import { cron, dag, every, type Timetable } from "@millrace/core";
import { ticksOf } from "@millrace/core/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dayMs } from "../dates/local-days.ts";
import { intervalsOf } from "./intervals.ts";

const schedules: readonly Timetable[] = [
  every("6h"),
  every("7d"),
  every("50m"),
  every({ months: 1 }),
  every({ weeks: 1 }),
  every({ years: 1 }),
  every({ months: 1 }, { anchor: "2025-01-31T00:00:00Z" }),
  cron("30 2 * * *"),
  cron("0 */5 * * *"),
  cron("0 0 31 * *"),
];
const now = Date.UTC(2030, 0, 1);
const noon = Date.UTC(2026, 0, 1, 12);

const ranges = fc.record({
  place: fc.nat(schedules.length - 1),
  zone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
  from: fc.integer({ min: -90 * dayMs, max: 300 * dayMs }),
  length: fc.integer({ min: 0, max: 200 * dayMs }),
  start: fc.integer({ min: -100 * dayMs, max: 200 * dayMs }),
});

test("intervals do not overlap, and from the start date on they are those that the schedule has by itself", () => {
  fc.assert(
    fc.property(ranges, ({ place, zone: timezone, from, length, start }) => {
      const schedule = schedules[place] as Timetable;
      const { schedule: own } = dag("d", { schedule, timezone }, (d) => void d.task("t", () => 1));
      const ticks = ticksOf(own as Timetable);
      const [first, last, startDate] = [noon + from, noon + from + length, noon + start];
      const { count, starts, ends } = intervalsOf({ dagId: "d", ticks, from: first, to: last, startDate, now });
      for (let at = 0; at < count; at++) {
        expect(starts[at]).toBeGreaterThanOrEqual(first);
        expect(starts[at]).toBeLessThanOrEqual(last);
        if (at > 0) expect(starts[at]).toBeGreaterThanOrEqual(ends[at - 1] as number);
      }
      const scheduled: number[] = [];
      let position: { readonly start: number; readonly end: number } | null = null;
      for (;;) {
        const lastInterval = { lastStart: position?.start ?? null, lastEnd: position?.end ?? null };
        position = ticks({ ...lastInterval, earliest: startDate, latest: last, catchup: true, now });
        if (!position) break;
        if (position.start >= first) scheduled.push(position.start);
      }
      expect([...starts.subarray(0, count)].filter((at) => at >= startDate)).toEqual(scheduled);
    }),
    { numRuns: process.env.MILLRACE_SOAK ? 3_000 : 100 },
  );
});
