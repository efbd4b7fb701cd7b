import { expect, test } from "vitest";
import { type CatchupSetting, catchupFrom, type Dag, dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid, hour, minute } from "../schedule/grid.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

/** A DAG with a run each hour, one at a time, each of which ends when the test lets it. */
class Held {
  readonly clock = new ManualClock(midnight + 20 * hour + minute);
  readonly database = memoryDatabase();
  readonly #says: { setting: CatchupSetting };
  readonly #ends: (() => void)[] = [];
  opened!: TestEngine;

  constructor(setting: CatchupSetting) {
    this.#says = { setting };
  }

  dag(): Dag {
    const catchup = catchupFrom(() => this.#says.setting, { name: "table" });
    return dag("sales", { schedule: grid(hour), startDate: "2026-10-22", catchup, maxActiveRuns: 1 }, (d) => {
      d.task("t", () => new Promise<void>((resolve) => this.#ends.push(resolve)));
    });
  }

  async start(): Promise<void> {
    const { clock, database } = this;
    this.opened = await openEngine({ dags: [this.dag()], clock, store: memoryStore({ database }) });
    await clock.drive(this.opened.engine.start());
    await clock.settle();
  }

  /** The source says something else; it has been read before this resolves. */
  async say(setting: CatchupSetting): Promise<void> {
    this.#says.setting = setting;
    await this.clock.advance("10s");
  }

  /** Lets so many runs end, one after the other. */
  async end(count: number): Promise<void> {
    for (; count > 0; count--) {
      this.#ends.shift()?.();
      await this.clock.settle();
    }
  }

  /** Scheduled runs by logical date, in hours since midnight of the 22nd, in the order in which they were made. */
  async hours(): Promise<number[]> {
    const runs = await this.opened.engine.runs({ limit: 1_000 });
    return runs.map(({ logicalDate }) => (logicalDate - midnight) / hour).reverse();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.opened[Symbol.asyncDispose]();
  }
}

test("catchup that is switched off in its middle ends at the latest interval; switched on again it begins there", async () => {
  await using held = new Held(true);
  await held.start();
  await held.end(4);
  expect(await held.hours()).toEqual([0, 1, 2, 3, 4]);
  await held.say(false);
  // What is under way goes on.
  expect((await held.opened.engine.runs({ states: ["running"] })).length).toBe(1);
  await held.end(5);
  expect(await held.hours()).toEqual([0, 1, 2, 3, 4, 19]);
  await held.say(true);
  await held.end(5);
  expect(await held.hours()).toEqual([0, 1, 2, 3, 4, 19]);
  // From here on nothing is left out.
  await held.clock.advance(6 * hour);
  await held.end(10);
  expect(await held.hours()).toEqual([0, 1, 2, 3, 4, 19, 20, 21, 22, 23, 24, 25]);
});

test.each<[CatchupSetting, number[]]>([
  [{ maxRuns: 2 }, [18, 19]],
  [{ window: "3h" }, [17, 18, 19]],
  [{ window: "3h", maxRuns: 1 }, [19]],
  [{ since: "2026-10-22T15:30:00Z" }, [16, 17, 18, 19]],
  [{ maxRuns: 100 }, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]],
])("a catchup under way that is given the bounds %j goes on within them", async (bounds, rest) => {
  await using held = new Held(true);
  await held.start();
  await held.end(4);
  await held.say(bounds);
  await held.end(30);
  expect(await held.hours()).toEqual([0, 1, 2, 3, 4, ...rest]);
});

test("bounds that are taken away bring nothing back that was left out already", async () => {
  await using held = new Held({ maxRuns: 4 });
  await held.start();
  await held.end(1);
  await held.say(true);
  await held.end(30);
  expect(await held.hours()).toEqual([16, 17, 18, 19]);
});

test("what was missed while an engine was away goes by what the source says when the next one starts", async () => {
  await using held = new Held(false);
  await held.start();
  await held.end(1);
  await held[Symbol.asyncDispose]();
  await held.clock.advance(5 * hour);
  await held.say({ maxRuns: 3 });
  await held.start();
  await held.end(9);
  expect(await held.hours()).toEqual([19, 22, 23, 24]);
});

test.each<[CatchupSetting, number]>([
  [false, 1],
  [{ window: "1h" }, 60],
  [{ maxRuns: 100 }, 100],
  [{ window: "1h", maxRuns: 100 }, 60],
])(
  "after seven days away, a run each minute and %j in the store, as many are made as planned",
  async (setting, count) => {
    const clock = new ManualClock(midnight);
    const database = memoryDatabase();
    const minutely = dag("sales", { schedule: grid(minute), startDate: "2026-10-22", maxActiveRuns: 500 }, (d) => {
      d.empty("t");
    });
    {
      await using first = await openEngine({ dags: [minutely], clock, store: memoryStore({ database }) });
      await clock.drive(first.engine.start());
      await clock.drive(first.engine.setCatchup("sales", setting));
    }
    await clock.advance(7 * day);
    await using opened = await openEngine({ dags: [minutely], clock, store: memoryStore({ database }) });
    await clock.drive(opened.engine.start());
    await clock.settle();
    const runs = await opened.engine.runs({ limit: 10_000 });
    const minutes = runs.map(({ logicalDate }) => (logicalDate - midnight) / minute);
    expect(minutes).toEqual(Array.from({ length: count }, (_, n) => 10_079 - n));
  },
);
