import { describe, expect, it } from "vitest";
import { continuous, cron, cronTrigger, type DagOptions, dag, events, every, once, union } from "../../src/index.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { day, grid, hour, minute } from "./grid.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

/** The scheduled runs that an engine makes in a while: their intervals, in hours since midnight. */
async function intervalsOf(options: DagOptions, forMs: number, work: (clock: ManualClock) => unknown = () => 1) {
  const clock = new ManualClock(midnight + minute);
  const one = dag("sales", options, (d) => {
    d.task("t", () => work(clock));
  });
  await using opened = await openEngine({ dags: [one], clock });
  await clock.drive(opened.engine.start());
  await clock.advance(forMs);
  const runs = await opened.engine.runs({ type: "scheduled", limit: 1_000 });
  const hours = (at: number): number => (at - midnight) / hour;
  return runs.map(({ intervalStart, intervalEnd }) => [hours(intervalStart), hours(intervalEnd)]).reverse();
}

describe("an engine with a timetable", () => {
  it("of a cron makes each interval's run at its end, in the DAG's zone through a change of clocks", async () => {
    const options = { schedule: cron("0 2 * * *"), timezone: "Europe/Berlin", startDate: "2026-10-23", catchup: true };
    expect(await intervalsOf(options, 5 * day)).toEqual([
      [24, 48],
      [48, 73],
      [73, 97],
    ]);
  });

  it("of trigger ticks makes runs of no width when they are due", async () => {
    const schedule = cronTrigger("0 */6 * * *");
    expect(await intervalsOf({ schedule, startDate: "2026-10-22", catchup: true }, day)).toEqual([
      [0, 0],
      [6, 6],
      [12, 12],
      [18, 18],
      [24, 24],
    ]);
  });

  it("of `once` makes one run", async () => {
    expect(await intervalsOf({ schedule: once(), startDate: "2026-10-22" }, day)).toHaveLength(1);
  });

  it("of `continuous` begins the next run when the last one has ended, whatever may be active", async () => {
    const runs = await intervalsOf(
      { schedule: continuous(), startDate: "2026-10-22T00:00:00Z", maxActiveRuns: 16 },
      4 * hour,
      (clock) => clock.sleep(hour),
    );
    expect(runs).toHaveLength(5);
    for (const [place, [start]] of runs.entries()) if (place > 0) expect(start).toBe(runs[place - 1][1]);
  });

  it("of events makes a run for each, those too that were missed with catchup", async () => {
    const schedule = events(["2026-10-21T12:00:00Z", "2026-10-22T06:00:00Z", "2026-10-22T09:00:00Z"]);
    expect(await intervalsOf({ schedule, startDate: "2026-10-21", catchup: true }, day)).toHaveLength(3);
    expect(await intervalsOf({ schedule, startDate: "2026-10-21" }, day)).toHaveLength(2);
  });

  it("of events makes the run although its timer went off late", async () => {
    class LateClock extends ManualClock {
      override sleep(ms: number, signal?: AbortSignal): Promise<void> {
        return super.sleep(ms + 40, signal);
      }
    }
    const clock = new LateClock(midnight);
    const schedule = events(["2026-10-22T06:00:00Z"]);
    const one = dag("sales", { schedule, startDate: "2026-10-21" }, (d) => d.empty("t"));
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(day);
    expect(await opened.engine.runs({ type: "scheduled", limit: 10 })).toHaveLength(1);
  });

  it("of a union makes the runs of all of them", async () => {
    const schedule = union(every("6h"), every("8h"));
    const runs = await intervalsOf({ schedule, startDate: "2026-10-22", catchup: true }, day);
    expect(new Set(runs.map(([, end]) => end))).toEqual(new Set([6, 8, 12, 16, 18, 24]));
  });
});

it("a DAG with an endless backlog keeps no other waiting", async () => {
  const clock = new ManualClock(midnight);
  const backlog = (id: string, startDate: string) =>
    dag(id, { schedule: grid(minute), startDate, catchup: true, maxActiveRuns: 100_000 }, (d) => {
      d.empty("t");
    });
  const dags = [backlog("greedy", "2026-10-17"), backlog("other", "2026-10-21T23:58:00Z")];
  await using opened = await openEngine({ dags, clock });
  await clock.drive(opened.engine.start());
  await clock.settle();
  const created = opened.events.filter(({ kind }) => kind === "run.created").map(({ dagId }) => dagId);
  expect(created.filter((dagId) => dagId === "greedy")).toHaveLength(7_200);
  expect(created.lastIndexOf("other")).toBeLessThan(600);
});
