import { describe, expect, test } from "vitest";
import { type DagOptions, dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { grid, hour, minute } from "../schedule/grid.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";

const start = Date.parse("2026-10-01T00:00:00Z");

/** A DAG whose runs of these dates (days of the month) fail. */
function failing(days: ReadonlySet<number>, options: DagOptions = {}) {
  return dag("shaky", { maxConsecutiveFailedRuns: 3, ...options }, (d) => {
    d.task("t", ({ logicalDate }) => {
      if (days.has(Number(logicalDate.toString().slice(8, 10)))) throw new Error("no luck");
    });
  });
}

const date = (day: number): string => `2026-10-${String(day).padStart(2, "0")}`;

async function pausesIn({ store }: Pick<TestEngine, "store">): Promise<unknown[]> {
  const events = await store.events.list({ limit: 10_000 });
  return events.flatMap(({ kind, data }) => (kind === "dag.paused" ? [JSON.parse(data ?? "null")] : []));
}

describe("a DAG with maxConsecutiveFailedRuns", () => {
  test("is paused by so many failed runs in a row, and says why; no further run is made by its schedule", async () => {
    const clock = new ManualClock(start + minute);
    const hourly = failing(new Set([1]), { schedule: grid(hour), startDate: date(1), catchup: true });
    await using opened = await openEngine({ dags: [hourly], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(2 * hour);
    expect(await pausesIn(opened)).toEqual([]);
    await clock.advance(10 * hour);
    expect(await pausesIn(opened)).toEqual([{ reason: "its newest 3 runs failed" }]);
    expect(await opened.engine.runs()).toHaveLength(3);
    expect((await opened.store.dags.get("shaky"))?.paused).toBe(true);
  });

  test("counts by logical date, whatever order its runs are made in; a success ends the row", async () => {
    const days = new Set([2, 3, 4, 6, 8]);
    const one = failing(days);
    await using opened = await openEngine({ dags: [one] });
    for (const day of [5, 7, 2, 4, 6, 8, 3]) {
      await opened.run(one, { logicalDate: date(day) });
      await opened.clock.settle();
    }
    // By date: 2 3 4 failed, 5 not, 6 failed, 7 not, 8 failed.
    expect(await pausesIn(opened)).toEqual([]);
    days.add(9).add(10);
    await opened.run(one, { logicalDate: date(9) });
    await opened.clock.settle();
    expect(await pausesIn(opened)).toEqual([]);
    await opened.run(one, { logicalDate: date(10) });
    await opened.clock.settle();
    expect(await pausesIn(opened)).toHaveLength(1);
  });

  test("passes over runs that have not ended", async () => {
    const held = gate();
    const one = dag("shaky", { maxConsecutiveFailedRuns: 2 }, (d) => {
      d.task("t", async ({ run }) => {
        if (run.id === "held") return held.opened;
        throw new Error("no luck");
      });
    });
    await using opened = await openEngine({ dags: [one] });
    await opened.engine.trigger(one, { runId: "held", logicalDate: date(9) });
    await opened.run(one, { logicalDate: date(1) });
    await opened.run(one, { logicalDate: date(2) });
    await opened.clock.settle();
    expect(await pausesIn(opened)).toHaveLength(1);
    held.open();
  });

  test("is counted anew once it was unpaused, after a restart too", async () => {
    const database = memoryDatabase();
    const clock = new ManualClock(start);
    const one = failing(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    {
      await using opened = await openEngine({ dags: [one], clock, store: memoryStore({ database }) });
      for (const day of [1, 2, 3]) await opened.run(one, { logicalDate: date(day) });
      await clock.advance(minute);
      expect(await pausesIn(opened)).toHaveLength(1);
      await opened.engine.unpause("shaky");
      await clock.advance(minute);
      await opened.run(one, { logicalDate: date(4) });
    }
    await using opened = await openEngine({ dags: [one], clock, store: memoryStore({ database }) });
    await clock.advance(minute);
    await opened.run(one, { logicalDate: date(5) });
    await clock.settle();
    expect(await pausesIn(opened)).toHaveLength(1);
    await opened.run(one, { logicalDate: date(6) });
    await clock.settle();
    expect(await pausesIn(opened)).toHaveLength(2);
  });

  test("is paused once, though several runs fail at once and the commit has to be tried again", async () => {
    const faulty = faultyStore(memoryStore());
    const one = failing(new Set([1, 2, 3, 4, 5]));
    await using opened = await openEngine({ dags: [one], store: faulty.store });
    let failures = 0;
    faulty.plan = {
      commit: (_, changes) =>
        changes.some(({ kind }) => kind === "setDagPaused") && failures++ === 0 ? "answer lost" : "none",
    };
    for (const day of [1, 2, 3, 4, 5]) await opened.engine.trigger(one, { logicalDate: date(day) });
    await opened.clock.advance(hour);
    expect(failures).toBeGreaterThan(0);
    expect(await pausesIn(opened)).toHaveLength(1);
    expect((await opened.store.dags.get("shaky"))?.paused).toBe(true);
  });

  test("is never paused without the option", async () => {
    const one = failing(new Set([1, 2, 3, 4, 5]), { maxConsecutiveFailedRuns: 0 });
    await using opened = await openEngine({ dags: [one] });
    for (const day of [1, 2, 3, 4, 5]) await opened.run(one, { logicalDate: date(day) });
    await opened.clock.settle();
    expect(await pausesIn(opened)).toEqual([]);
  });
});
