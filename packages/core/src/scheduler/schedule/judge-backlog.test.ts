import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCatchup } from "../../timetable/catchup.ts";
import type { Ticks } from "../../timetable/ticks.ts";
import { isBounded, judgeBacklog } from "./judge-backlog.ts";
import { nextTick, type ScheduleView } from "./next-tick.ts";

const minute = 60_000;
const day = 1_440 * minute;

/** `every(length)`: intervals from where the last one ended, or from the earliest instant. */
function every(length: number): Ticks {
  return ({ lastEnd, earliest }) => {
    const start = Math.max(lastEnd ?? 0, earliest ?? 0);
    return { start, end: start + length, runAfter: start + length };
  };
}

/** Starts of the intervals that are due, when none starts before the floor. */
function due(view: ScheduleView, floor: number | null, now: number): number[] {
  const starts: number[] = [];
  let { position } = view;
  const earliest = floor === null ? view.earliest : Math.max(floor, view.earliest ?? floor);
  for (let tick = nextTick({ ...view, earliest, position }, now); tick && tick.runAfter <= now; ) {
    starts.push(tick.start);
    position = tick;
    tick = nextTick({ ...view, earliest, position }, now);
  }
  return starts;
}

describe("the backlog of a catchup with bounds", () => {
  const now = 7 * day;
  const view: ScheduleView = {
    name: "mine",
    ticks: every(minute),
    position: { start: -minute, end: 0 },
    earliest: null,
    latest: null,
    catchup: true,
  };

  it.each([
    [{ window: "1h" }, 60],
    [{ maxRuns: 100 }, 100],
    [{ window: "1h", maxRuns: 100 }, 60],
    [{ window: "1h", maxRuns: 10 }, 10],
    [{ window: "30d" }, 10_080],
    [{ maxRuns: 1_000_000 }, 10_080],
    [{ window: "10s" }, 1],
  ])("after a week away with a run each minute, %j leaves %i", async (setting, count) => {
    const catchup = parseCatchup(setting, "UTC");
    expect(isBounded(catchup)).toBe(true);
    const starts = due(view, await judgeBacklog(view, catchup, now), now);
    expect(starts).toHaveLength(count);
    expect(starts.at(-1)).toBe(now - minute);
  });

  it("is the newest of those within the window, on the grid that the runs before are on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 2_000 }),
        fc.option(fc.integer({ min: 1, max: 80 })),
        fc.option(fc.integer({ min: 1, max: 2_500 })),
        fc.integer({ min: 0, max: 49 }),
        async (length, later, maxRuns, windowMs, offset) => {
          fc.pre(maxRuns !== null || windowMs !== null);
          const asked = { ...view, ticks: every(length), position: { start: offset - length, end: offset } };
          const floor = await judgeBacklog(asked, { isOn: true, since: null, maxRuns, windowMs }, later);
          const all = due(asked, null, later);
          const within = all.filter((start) => windowMs === null || start + length > later - windowMs);
          const newest = maxRuns === null ? within : within.slice(-maxRuns);
          expect(due(asked, floor, later)).toEqual(newest);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("ends with the timetable", async () => {
    const never: ScheduleView = { ...view, ticks: () => null };
    expect(await judgeBacklog(never, parseCatchup({ maxRuns: 1 }, "UTC"), now)).toBeNull();
  });
});
