import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid } from "../schedule/grid.ts";
import { gate, openEngine } from "../test-engine.ts";

const start = Date.parse("2026-10-01T00:00:00Z");

/** What tasks of each run saw, by run id. */
function watching() {
  const seen: Record<string, string[]> = {};
  return {
    seen,
    see(
      runId: string,
      previous: { readonly runId: string; readonly interval: { readonly start: unknown } } | undefined,
    ) {
      seen[runId] ??= [];
      seen[runId].push(previous ? `${previous.runId} ${previous.interval.start}` : "none");
    },
  };
}

describe("the previous run", () => {
  test("is the newest earlier one that succeeded: failures are passed over, an interval comes with it", async () => {
    const { seen, see } = watching();
    const failing = new Set([1, 2]);
    const daily = dag(
      "daily",
      { schedule: grid(day), startDate: "2026-10-01", catchup: true, maxActiveRuns: 1 },
      (d) => {
        d.task("t", ({ run, previous, logicalDate }) => {
          see(run.id, previous);
          if (failing.has((logicalDate.epochMilliseconds - start) / day)) throw new Error("not today");
        });
      },
    );
    const clock = new ManualClock(start + 5 * day + 1);
    await using opened = await openEngine({ dags: [daily], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(1);
    const id = (n: number) => `scheduled__2026-10-0${n}T00:00:00Z`;
    const first = `${id(1)} 2026-10-01T00:00:00Z`;
    expect(seen).toEqual({
      [id(1)]: ["none"],
      [id(2)]: [first],
      [id(3)]: [first],
      [id(4)]: [first],
      [id(5)]: [`${id(4)} 2026-10-04T00:00:00Z`],
    });
  });

  test("of a scheduled run owns its date, of a manual one may be any; later dates and a run itself never count", async () => {
    const { seen, see } = watching();
    const daily = dag("daily", { schedule: grid(day), startDate: "2026-10-01" }, (d) => {
      d.task("t", ({ run, previous }) => see(run.id, previous));
    });
    const clock = new ManualClock(start + day);
    await using opened = await openEngine({ dags: [daily], clock });
    await clock.drive(opened.engine.start());
    await opened.run(daily, { runId: "by_hand", logicalDate: "2026-10-01T12:00:00Z" });
    await opened.run(daily, { runId: "later", logicalDate: "2026-11-01" });
    await opened.run(daily, { runId: "early", logicalDate: "2026-09-01" });
    await clock.advance(day);
    const scheduled = "scheduled__2026-10-01T00:00:00Z 2026-10-01T00:00:00Z";
    expect(seen).toEqual({
      "scheduled__2026-10-01T00:00:00Z": ["none"],
      by_hand: [scheduled],
      later: ["by_hand 2026-10-01T12:00:00Z"],
      early: ["none"],
      "scheduled__2026-10-02T00:00:00Z": [scheduled],
    });
  });

  test("stays the same for every attempt, and is looked up anew for one that begins after it was cleared or restarted", async () => {
    const { seen, see } = watching();
    const held = gate();
    const manual = dag("manual", {}, (d) => {
      d.task("t", { retries: { max: 1, delay: "1h", jitter: false } }, async ({ run, previous, attempt }) => {
        see(run.id, previous);
        if (run.id === "second" && attempt === 1) throw new Error("again");
        if (run.id === "first") await held.opened;
      });
    });
    const database = memoryDatabase();
    const clock = new ManualClock(start);
    {
      await using opened = await openEngine({ dags: [manual], clock, store: memoryStore({ database }) });
      await opened.engine.trigger(manual, { runId: "first", logicalDate: "2026-10-01" });
      await opened.engine.trigger(manual, { runId: "second", logicalDate: "2026-10-02" });
      await clock.advance(1);
      held.open();
      await clock.advance(2 * 3_600_000);
      expect(seen["second"]).toEqual(["none", "none"]);
      await opened.engine.clear("manual", "second");
      await clock.advance(2 * 3_600_000);
      expect(seen["second"]?.at(-1)).toBe("first 2026-10-01T00:00:00Z");
      // A run that was marked so is no longer one that succeeded.
      await opened.engine.mark("manual", "second", "failed", { tasks: ["t"] });
      await clock.advance(1);
      await opened.run(manual, { runId: "third", logicalDate: "2026-10-03" });
      expect(seen["third"]).toEqual(["first 2026-10-01T00:00:00Z"]);
    }
    await using opened = await openEngine({ dags: [manual], clock, store: memoryStore({ database }) });
    await opened.run(manual, { runId: "fourth", logicalDate: "2026-10-04" });
    expect(seen["fourth"]).toEqual(["third 2026-10-03T00:00:00Z"]);
  });

  test("is found in memory: the store is asked once for a DAG, and not for each of its runs", async () => {
    const store = memoryStore();
    let asked = 0;
    const runs: typeof store.runs = {
      ...store.runs,
      previous(query) {
        asked++;
        return store.runs.previous(query);
      },
    };
    const counted = new Proxy(store, {
      get(_, name) {
        const member: unknown = name === "runs" ? runs : Reflect.get(store, name);
        return typeof member === "function" ? member.bind(store) : member;
      },
    });
    const manual = dag("manual", {}, (d) => void d.task("t", () => 1));
    await using opened = await openEngine({ dags: [manual], store: counted });
    for (let n = 0; n < 20; n++) {
      await opened.clock.advance(1);
      await opened.run(manual);
    }
    expect(asked).toBe(1);
  });
});
