import fc from "fast-check";
import { expect, it } from "vitest";
import { cron, cronTrigger, type Dag, type DagOptions, dag, every } from "../../src/index.ts";
import type { RunRow } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ticksOf } from "../../src/timetable/ticks.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";
import { day, hour, minute } from "./grid.ts";

/** The clocks of Berlin go back three days later, those of New York ten. */
const begin = Date.parse("2026-10-22T09:07:00Z");

/** A time of 22 October 2026, in UTC; with days before or after that. */
function instant(text: string): number {
  const [, days = "0", sign, hours, minutes] = /^(?:(-?\d+)d )?(-?)(\d+):(\d+)$/.exec(text) ?? [];
  const time = Number(hours) * hour + Number(minutes) * minute;
  return Date.parse("2026-10-22T00:00:00Z") + Number(days) * day + (sign === "-" ? -time : time);
}

/** What a DAG may become, and the longest time between two of its runs. */
const schedules = {
  hourly: { period: hour, options: { schedule: cron("0 * * * *") } },
  daily: { period: day, options: { schedule: cron("0 0 * * *") } },
  "daily in Berlin": { period: day + hour, options: { schedule: cron("30 2 * * *"), timezone: "Europe/Berlin" } },
  "daily in New York": { period: day + hour, options: { schedule: cron("30 2 * * *"), timezone: "America/New_York" } },
  "every 6 h": { period: 6 * hour, options: { schedule: every("6h") } },
  "every 45 min": { period: 45 * minute, options: { schedule: every("45m") } },
  "at noon": { period: day, options: { schedule: cronTrigger("0 12 * * *") } },
} as const satisfies Record<string, { period: number; options: DagOptions }>;
type Name = keyof typeof schedules;
const names = Object.keys(schedules) as Name[];

interface Shape {
  readonly name: Name;
  readonly startDate: string | undefined;
  readonly catchup: DagOptions["catchup"];
}

const shape: fc.Arbitrary<Shape> = fc.record({
  name: fc.constantFrom(...names),
  startDate: fc.constantFrom("2026-10-21", "2026-10-20T05:30:00Z", "-2d"),
  catchup: fc.constantFrom<DagOptions["catchup"][]>(false, true, { maxRuns: 3 }, { window: "8h" }),
});
const step = fc.record({
  to: shape,
  isRestarted: fc.boolean(),
  /** How long nobody works, if it is a restart. */
  awayMs: fc.integer({ min: 0, max: 30 * hour }),
  /** How long it then works. */
  worksMs: fc.integer({ min: 0, max: 20 * hour }),
  /** The runs that there are end before the change. */
  isFinished: fc.boolean(),
});

/** One DAG that changes; its runs end when the test lets them. */
class Changing {
  readonly clock = new ManualClock(begin);
  readonly database = memoryDatabase();
  readonly #ends: (() => void)[] = [];
  #isOpen = false;
  #opened!: TestEngine;

  async open(to: Shape): Promise<void> {
    const { clock, database } = this;
    this.#opened = await openEngine({ dags: [this.#dag(to)], clock, store: memoryStore({ database }) });
    await clock.drive(this.#opened.engine.start());
    await clock.settle();
  }

  close(): Promise<void> {
    return Promise.resolve(this.#opened[Symbol.asyncDispose]());
  }

  async replace(to: Shape): Promise<void> {
    await this.clock.drive(this.#opened.engine.replaceDags({ put: [this.#dag(to)] }));
    await this.clock.settle();
  }

  /** From now on runs end at once, or wait to be let. */
  async letEnd(isOpen: boolean): Promise<void> {
    this.#isOpen = isOpen;
    if (isOpen) for (const end of this.#ends.splice(0)) end();
    await this.clock.settle();
  }

  /** In the order in which they were made. */
  async runs(): Promise<readonly RunRow[]> {
    return [...(await this.#opened.engine.runs({ limit: 10_000 }))].reverse();
  }

  async eventCount(): Promise<number> {
    return (await this.#opened.engine.events({ limit: 10_000 })).length;
  }

  #dag({ name, startDate, catchup }: Shape): Dag {
    return dag("sales", { ...schedules[name].options, startDate, catchup, maxActiveRuns: 4 }, (d) => {
      d.task("t", () => (this.#isOpen ? undefined : new Promise<void>((resolve) => this.#ends.push(resolve))));
    });
  }
}

it.each([
  ["hourly to daily", cron("0 0 * * *"), ["15:00", "16:00"], ["16:00", "1d 00:00"]],
  ["hourly to daily at the same instant", cron("0 15 * * *"), ["15:00", "16:00"], ["16:00", "1d 15:00"]],
  ["daily to hourly", cron("0 * * * *"), ["-1d 00:00", "00:00"], ["00:00", "01:00"]],
  ["daily to another zone", cron("0 0 * * *", { timezone: "Asia/Tokyo" }), ["-1d 00:00", "00:00"], ["-9:00", "15:00"]],
  ["hourly to 45 min", every("45m"), ["15:00", "16:00"], ["16:00", "16:45"]],
  ["a trigger to daily", cron("0 0 * * *"), ["12:00", "12:00"], ["1d 00:00", "2d 00:00"]],
  ["the same", cron("0 * * * *"), ["15:00", "16:00"], ["16:00", "17:00"]],
])("%s: what comes next is about the time around the end of the last run", (_, schedule, last, next) => {
  const [lastStart, lastEnd] = last.map(instant);
  const query = { lastStart, lastEnd, earliest: null, latest: null, now: lastEnd };
  for (const catchup of [false, true]) {
    const tick = ticksOf(schedule)({ ...query, catchup });
    expect(tick && [tick.start, tick.end]).toEqual(next.map(instant));
  }
});

it("a schedule that changes again and again, runs under way, has its next run within one period and no interval twice", async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { minLength: 1, maxLength: 5 }), async (first, steps) => {
      const changing = new Changing();
      const { clock } = changing;
      let changes = 0;
      const check = async (): Promise<void> => {
        const runs = await changing.runs();
        for (const [place, run] of runs.entries()) {
          if (place === 0) continue;
          const before = runs[place - 1];
          expect(run.logicalDate).toBeGreaterThan(before.logicalDate);
          expect(run.intervalEnd).toBeGreaterThan(before.intervalEnd);
        }
        // Created, begun and ended, and its task begun and ended; a restart hands a task back.
        expect(await changing.eventCount()).toBeLessThan(20 + runs.length * 6 + changes * 30);
      };
      await changing.open(first);
      try {
        await clock.advance(7 * hour);
        for (const { to, isRestarted, awayMs, worksMs, isFinished } of steps) {
          changes++;
          await changing.letEnd(isFinished);
          if (isRestarted) {
            await changing.close();
            await clock.advance(awayMs);
            await changing.open(to);
          } else await changing.replace(to);
          await check();
          // Whatever it was, the next run is there within one period of the schedule that it has now.
          await changing.letEnd(true);
          const made = await changing.runs();
          const last = made.at(-1);
          // The run of a trigger is about no time: as in Airflow, intervals begin at the first instant after it.
          const isAfterTrigger = last !== undefined && last.intervalStart === last.intervalEnd;
          await clock.advance(schedules[to.name].period * (isAfterTrigger ? 2 : 1));
          expect([to.name, (await changing.runs()).length > made.length]).toEqual([to.name, true]);
          await changing.letEnd(isFinished);
          await clock.advance(worksMs);
          await check();
        }
      } finally {
        await changing.letEnd(true);
        await changing.close();
      }
    }),
    { numRuns: process.env["MILLRACE_SOAK"] ? 2_000 : 50 },
  );
});
