import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cron, cronTrigger, dag, type Timetable } from "../index.ts";
import { delayOf } from "./jitter.ts";
import { type Tick, ticksOf } from "./ticks.ts";

const start = Date.UTC(2026, 2, 1);

function runsOf(timetable: Timetable, count: number): readonly Tick[] {
  const runs: Tick[] = [];
  let [lastStart, lastEnd]: [number | null, number | null] = [null, null];
  while (runs.length < count) {
    const tick = ticksOf(timetable)({ lastStart, lastEnd, earliest: start, latest: null, catchup: true, now: start });
    if (tick === null) break;
    runs.push(tick);
    [lastStart, lastEnd] = [tick.start, tick.end];
  }
  return runs;
}

const seeds = fc.string({ minLength: 1, maxLength: 30 });

describe("jitter", () => {
  test("jitter moves every run of a seed by the same time, and nothing else", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3_600_000 }), (seed, maxMs) => {
        const delay = delayOf(seed, maxMs);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThan(maxMs);
        expect(Number.isInteger(delay)).toBe(true);
        const jitter = { max: `${maxMs}ms`, seed };
        // Over the change of the clocks on 29 March.
        for (const options of [{ timezone: "Europe/Berlin" }, { timezone: "UTC" }]) {
          const plain = runsOf(cron("0 12 * * *", options), 40);
          const late = runsOf(cron("0 12 * * *", { ...options, jitter }), 40);
          expect(late).toEqual(
            plain.map((run) => ({ start: run.start + delay, end: run.end + delay, runAfter: run.runAfter + delay })),
          );
        }
        const several = runsOf(cronTrigger(["0 12 * * *", "30 13 * * *"], { jitter }), 20);
        const plain = runsOf(cronTrigger(["0 12 * * *", "30 13 * * *"]), 20);
        expect(several.map((run) => run.end)).toEqual(plain.map((run) => run.end + delay));
      }),
      { numRuns: 20 },
    );
  });

  test("of nothing is none, and of less than a millisecond is refused", () => {
    expect(runsOf(cron("@daily", { jitter: "0s" }), 5)).toEqual(runsOf(cron("@daily"), 5));
    expect(() => cron("@daily", { jitter: "0.5ms" })).toThrow(expect.objectContaining({ code: "DAG_OPTION_INVALID" }));
  });

  test("needs a seed: one that is not empty, or the id of its DAG", () => {
    expect(() => cron("@daily", { jitter: { max: "5m", seed: "" } })).toThrow(
      expect.objectContaining({ code: "DAG_OPTION_INVALID" }),
    );
    const schedule = cron("@daily", { jitter: "5m" });
    expect(() => runsOf(schedule, 1)).toThrow(expect.objectContaining({ code: "JITTER_WITHOUT_SEED" }));
    const delays = ["a", "b", "c"].map((id) => {
      const own = dag(id, { schedule }, (d) => d.empty("nothing")).schedule as Timetable;
      expect(runsOf(own, 1)[0].start - start).toBe(delayOf(id, 300_000));
      return runsOf(own, 1)[0].start;
    });
    expect(new Set(delays).size).toBe(3);
  });

  test("spreads seeds over the whole time", () => {
    const delays = Array.from({ length: 1_000 }, (_, number) => delayOf(`dag_${number}`, 1_000));
    for (let tenth = 0; tenth < 10; tenth++)
      expect(delays.filter((delay) => Math.floor(delay / 100) === tenth).length).toBeGreaterThan(50);
  });
});
