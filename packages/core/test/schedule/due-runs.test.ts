import { describe, expect, it } from "vitest";
import { type DagOptions, dag } from "../../src/index.ts";
import type { RunRow } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { instantOf } from "../../src/time/temporal.ts";
import { ManualClock } from "../manual-clock.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";
import { day, grid, hour, minute } from "./grid.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

function hourly(options: DagOptions = {}, work: () => unknown = () => 1, id = "sales") {
  return dag(id, { schedule: grid(hour), startDate: "2026-10-22", ...options }, (d) => {
    d.task("t", work);
  });
}

/** Scheduled runs by logical date, in hours since midnight of the 22nd. */
async function hoursOf({ engine }: Pick<TestEngine, "engine">, dagId = "sales"): Promise<number[]> {
  const runs = await engine.runs({ dagId, type: "scheduled", limit: 10_000 });
  return runs.map(({ logicalDate }) => (logicalDate - midnight) / hour).sort((a, b) => a - b);
}

async function started(options: Parameters<typeof openEngine>[0]): Promise<TestEngine> {
  const opened = await openEngine(options);
  await opened.clock.drive(opened.engine.start());
  return opened;
}

describe("scheduled runs", () => {
  it("are made when their interval is over, once, with the interval as what they are about", async () => {
    const seen: unknown[] = [];
    const clock = new ManualClock(midnight + minute);
    const one = dag("sales", { schedule: grid(hour), startDate: "2026-10-22" }, (d) => {
      d.task("t", ({ interval, logicalDate, run }) => void seen.push([interval, logicalDate, run]));
    });
    await using opened = await started({ dags: [one], clock });
    await clock.advance(59 * minute - 1);
    expect(await hoursOf(opened)).toEqual([]);
    await clock.advance(1);
    const interval = { start: instantOf(midnight), end: instantOf(midnight + hour) };
    const run = { id: "scheduled__2026-10-22T00:00:00Z", type: "scheduled" };
    expect(seen).toEqual([[interval, interval.start, run]]);
    await clock.advance(3 * hour);
    expect(await hoursOf(opened)).toEqual([0, 1, 2, 3]);
    expect((await opened.engine.runs()).every(({ state }) => state === "success")).toBe(true);
  });

  it("that were missed are all made with catchup, the oldest first, no more at once than may be active", async () => {
    const begun: number[] = [];
    const held = gate();
    let most = 0;
    let active = 0;
    const one = dag(
      "sales",
      { schedule: grid(hour), startDate: "2026-10-22", catchup: true, maxActiveRuns: 3 },
      (d) => {
        d.task("t", async ({ logicalDate }) => {
          begun.push((logicalDate.epochMilliseconds - midnight) / hour);
          most = Math.max(most, ++active);
          await held.opened;
          active--;
        });
      },
    );
    const clock = new ManualClock(midnight + 10 * hour + minute);
    await using opened = await started({ dags: [one], clock });
    await clock.settle();
    expect(begun).toEqual([0, 1, 2]);
    expect(await hoursOf(opened)).toEqual([0, 1, 2]);
    held.open();
    await clock.settle();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
  });

  it("without catchup are the last one that is over, then each as it comes; what was left out is told", async () => {
    const clock = new ManualClock(midnight + 10 * hour + minute);
    const database = memoryDatabase();
    const open = () => started({ dags: [hourly()], clock, store: memoryStore({ database }) });
    {
      await using opened = await open();
      await clock.advance(hour);
      expect(await hoursOf(opened)).toEqual([9, 10]);
    }
    await clock.advance(5 * hour);
    await using opened = await open();
    await clock.settle();
    expect(await hoursOf(opened)).toEqual([9, 10, 15]);
    const events = await opened.engine.events();
    const [skipped, ...others] = events.filter(({ kind }) => kind === "dag.runs_skipped");
    expect(others).toEqual([]);
    expect(JSON.parse(skipped.data ?? "")).toEqual({
      from: "2026-10-22T11:00:00Z",
      to: "2026-10-22T15:00:00Z",
      catchup: false,
    });
  });

  it.each([
    [{ catchup: true }, 10_080],
    [{ catchup: false }, 1],
    [{ catchup: { window: "1h" } }, 60],
    [{ catchup: { maxRuns: 100 } }, 100],
    [{ catchup: { since: "2026-10-28T23:00:00Z" } }, 60],
    [{ catchup: { window: "1h", maxRuns: 7 } }, 7],
  ])("after a week away, with a run each minute and %j, are as many as planned", async (options, count) => {
    const clock = new ManualClock(midnight);
    const database = memoryDatabase();
    const made = dag("sales", { schedule: grid(minute), startDate: "2026-10-22", ...options }, (d) => {
      d.empty("t");
    });
    const open = () => started({ dags: [made], clock, store: memoryStore({ database }) });
    await (await open())[Symbol.asyncDispose]();
    await clock.advance(7 * day);
    await using opened = await open();
    await clock.settle();
    const minutes = (await opened.engine.runs({ limit: 10_000 })).map(({ logicalDate }) => logicalDate / minute);
    const total = (await opened.engine.runs({ limit: 10_000, before: 10_000 })).length;
    expect(Math.max(minutes.length, total)).toBe(Math.min(count, 10_000));
    expect(new Set(minutes).size).toBe(minutes.length);
    expect(Math.max(...minutes)).toBe((midnight + 7 * day) / minute - 1);
    await clock.advance(2 * minute);
    const later = await opened.engine.runs({ limit: 2 });
    expect(later.map(({ logicalDate }) => (logicalDate - midnight - 7 * day) / minute)).toEqual([1, 0]);
  });

  it("of a paused DAG are not made; unpaused, those are that catchup wants", async () => {
    const clock = new ManualClock(midnight + minute);
    await using opened = await started({
      dags: [hourly({ catchup: true }), hourly({}, undefined, "latest")],
      clock,
    });
    await clock.advance(hour);
    for (const dagId of ["sales", "latest"]) await clock.drive(opened.engine.pause(dagId));
    await clock.advance(4 * hour);
    expect([await hoursOf(opened), await hoursOf(opened, "latest")]).toEqual([[0], [-1, 0].slice(1)]);
    for (const dagId of ["sales", "latest"]) await clock.drive(opened.engine.unpause(dagId));
    await clock.settle();
    expect(await hoursOf(opened)).toEqual([0, 1, 2, 3, 4]);
    expect(await hoursOf(opened, "latest")).toEqual([0, 4]);
  });

  it("are made by an engine that starts the schedules, and by no other", async () => {
    const clock = new ManualClock(midnight + 5 * hour);
    await using opened = await openEngine({ dags: [hourly({ catchup: true })], clock });
    await clock.drive(opened.engine.start({ schedule: false }));
    await clock.advance(hour);
    expect(await hoursOf(opened)).toEqual([]);
  });

  it("end with the end date", async () => {
    const clock = new ManualClock(midnight);
    await using opened = await started({
      dags: [hourly({ catchup: true, endDate: "2026-10-22T03:00:00Z" })],
      clock,
    });
    await clock.advance(day);
    expect(await hoursOf(opened)).toEqual([0, 1, 2, 3]);
  });

  it("begin with catchup and no start date when the DAG became known", async () => {
    const clock = new ManualClock(midnight + 90 * minute);
    await using opened = await started({ dags: [hourly({ catchup: true, startDate: undefined })], clock });
    await clock.advance(2 * hour);
    expect(await hoursOf(opened)).toEqual([2]);
  });

  it("have the params that the schema gives, though it may take its time; one that gives none is told and tried again", async () => {
    const seen: [string, unknown][] = [];
    const schema = (validate: (value: unknown) => unknown) =>
      ({ "~standard": { version: 1, vendor: "test", validate } }) as DagOptions["params"];
    const withParams = (id: string, params: DagOptions["params"]) =>
      dag(id, { schedule: grid(hour), startDate: "2026-10-22", params }, (d) => {
        d.task("t", ({ params: given }) => void seen.push([id, given]));
      });
    const clock = new ManualClock(midnight);
    await using opened = await started({
      dags: [
        withParams(
          "now",
          schema(() => ({ value: { region: "eu" } })),
        ),
        withParams(
          "later",
          schema(() => Promise.resolve({ value: { region: "us" } })),
        ),
        withParams(
          "never",
          schema(() => ({ issues: [{ message: "region is needed" }] })),
        ),
        withParams(
          "thrown",
          schema(() => Promise.reject(new Error("no schema"))),
        ),
      ],
      clock,
    });
    await clock.advance(3 * hour);
    expect(seen.filter(([id]) => id === "now")).toHaveLength(3);
    expect(seen.filter(([id]) => id === "later")).toEqual(Array(3).fill(["later", { region: "us" }]));
    const events = await opened.engine.events();
    const failed = events.filter(({ kind }) => kind === "dag.schedule_failed");
    expect(failed.map(({ dagId }) => dagId).sort()).toEqual(["never", "thrown"]);
    expect(failed.find(({ dagId }) => dagId === "never")?.data).toContain("PARAMS_INVALID");
    expect(failed.find(({ dagId }) => dagId === "thrown")?.data).toContain("no schema");
  });

  it("of a timetable that fails are none until it works again; other DAGs go on", async () => {
    let isBroken = true;
    const inner = grid(hour);
    const moody = {
      describe: () => "moody",
      next: (query: Parameters<typeof inner.next>[0]) => {
        if (isBroken) throw new Error("no calendar");
        return inner.next(query);
      },
    };
    const clock = new ManualClock(midnight);
    await using opened = await started({
      dags: [hourly({ schedule: moody, catchup: true }), hourly({}, undefined, "other")],
      clock,
    });
    await clock.advance(3 * hour);
    expect(await hoursOf(opened)).toEqual([]);
    expect(await hoursOf(opened, "other")).toEqual([-1, 0, 1, 2].slice(1));
    const failed = (await opened.engine.events()).filter(({ kind }) => kind === "dag.schedule_failed");
    expect(failed).toHaveLength(1);
    expect(failed[0].data).toContain("TIMETABLE_FAILED");
    isBroken = false;
    await clock.advance(minute);
    expect(await hoursOf(opened)).toEqual([0, 1, 2]);
  });
});

describe("a changed schedule", () => {
  const cases: readonly (readonly [string, DagOptions, DagOptions, number])[] = [
    ["hourly to daily", {}, { schedule: grid(day) }, day],
    ["daily to hourly", { schedule: grid(day) }, {}, hour],
    ["another zone", { schedule: grid(day) }, { schedule: grid(day, -2 * hour) }, day],
    ["an earlier start", {}, { startDate: "2026-10-01" }, hour],
    ["a later start", {}, { startDate: "2026-10-23T15:00:00Z" }, hour],
    ["catchup on", {}, { catchup: true }, hour],
    ["catchup off", { catchup: true }, { catchup: false }, hour],
  ];
  it.each(cases)(
    "%s has its next run within one period, none twice, and nothing turns in circles",
    async (_, before, after, period) => {
      for (const isRestarted of [false, true]) {
        const held = gate();
        const work = (): Promise<void> => held.opened;
        const clock = new ManualClock(midnight);
        const database = memoryDatabase();
        const open = (options: DagOptions) =>
          started({ dags: [hourly(options, work)], clock, store: memoryStore({ database }) });
        let opened = await open(before);
        await clock.advance(day + 15 * hour);
        const old = await opened.engine.runs({ limit: 1_000 });
        if (isRestarted) {
          await opened[Symbol.asyncDispose]();
          opened = await open(after);
        } else {
          await clock.drive(opened.engine.replaceDags({ put: [hourly(after, work)] }));
        }
        await clock.settle();
        held.open();
        await clock.advance(period);
        const all: readonly RunRow[] = await opened.engine.runs({ limit: 1_000 });
        expect(all.length).toBeGreaterThan(old.length);
        expect(new Set(all.map(({ logicalDate }) => logicalDate)).size).toBe(all.length);
        const sorted = [...all].sort((a, b) => a.runNo - b.runNo);
        for (const [place, row] of sorted.slice(1).entries())
          expect(row.logicalDate).toBeGreaterThan(sorted[place].logicalDate);
        await opened[Symbol.asyncDispose]();
      }
    },
  );
});
