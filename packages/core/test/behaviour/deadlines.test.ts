import { describe, expect, test } from "vitest";
import { type DagOptions, dag, type RunCallbackContext, type TaskCallbackContext } from "../../src/index.ts";
import type { EventRow } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { type Fault, faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid, hour, minute } from "../schedule/grid.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";

const start = Date.parse("2026-10-01T00:00:00Z");

/** Every deadline that was told, as the store has it: when, of what, and the deadline; in minutes since `start`. */
async function toldIn({ store }: Pick<TestEngine, "store">): Promise<string[]> {
  const events = await store.events.list({ limit: 10_000 });
  return events.filter(({ kind }) => kind.endsWith("deadline_missed")).map(told);
}

function told({ at, kind, data, taskInstanceNo }: EventRow): string {
  const minutes = (instant: number): number => (instant - start) / minute;
  const { deadline } = JSON.parse(data ?? "") as { deadline: number };
  const what = kind === "task.deadline_missed" ? `task ${taskInstanceNo}` : "run";
  return `${minutes(at)}: ${what} by ${minutes(deadline)}`;
}

/** A DAG whose task ends when the test says so. */
function holding(options: DagOptions, calls: RunCallbackContext[] = []) {
  const held = gate();
  const one = dag("held", { ...options, onDeadlineMissed: (context) => void calls.push(context) }, (d) => {
    d.task("t", () => held.opened);
  });
  return { one, calls, open: held.open };
}

describe("the deadline of a run", () => {
  test("counts from the end of its interval, is told once when it has passed, and the run goes on", async () => {
    const { one, calls, open } = holding({ schedule: grid(hour), startDate: "2026-10-01", deadline: "20m" });
    const clock = new ManualClock(start + 59 * minute);
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(21 * minute - 1);
    expect(await toldIn(opened)).toEqual([]);
    await clock.advance(1);
    expect(await toldIn(opened)).toEqual(["80: run by 80"]);
    expect(calls).toMatchObject([{ dagId: "held", runId: "scheduled__2026-10-01T00:00:00Z", state: "running" }]);
    await clock.advance(10 * minute);
    open();
    await clock.advance(minute);
    expect((await opened.engine.runs())[0]?.state).toBe("success");
    expect(await toldIn(opened)).toHaveLength(1);
    expect(calls).toHaveLength(1);
    expect(opened.engine.metrics.prometheus()).toContain('millrace_deadlines_missed_total{dag="held",what="run"} 1');
  });

  test("is not told of one that ended in time", async () => {
    const { one, open } = holding({ schedule: grid(hour), startDate: "2026-10-01", deadline: "20m" });
    const clock = new ManualClock(start + hour);
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(20 * minute - 1);
    open();
    await clock.advance(30 * minute);
    expect((await opened.engine.runs())[0]?.state).toBe("success");
    expect(await toldIn(opened)).toEqual([]);
  });

  test("of one that somebody asks for counts from then, and passes while it waits for its turn too", async () => {
    const { one, calls, open } = holding({ maxActiveRuns: 1, deadline: "5m" });
    const clock = new ManualClock(start);
    await using opened = await openEngine({ dags: [one], clock });
    await opened.engine.trigger(one, { logicalDate: "2020-01-01" });
    await clock.advance(minute);
    await opened.engine.trigger(one, { logicalDate: "2030-01-01" });
    await clock.advance(10 * minute);
    expect(await toldIn(opened)).toEqual(["5: run by 5", "6: run by 6"]);
    expect(calls.map(({ state }) => state)).toEqual(["running", "queued"]);
    open();
    await clock.advance(minute);
  });

  test("that had passed before the run was made up for is told at once", async () => {
    const { one, open } = holding({ schedule: grid(day), startDate: "2026-10-01", catchup: true, deadline: "1h" });
    const clock = new ManualClock(start + 2 * day + minute);
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(minute);
    expect(await toldIn(opened)).toEqual([`${(2 * day) / minute + 1}: run by ${(day + hour) / minute}`]);
    open();
    await clock.advance(minute);
    expect((await opened.engine.runs()).map(({ state }) => state)).toEqual(["success", "success"]);
  });
});

describe("the deadline of a task", () => {
  test("counts from the beginning of the run, and is told of each task that has not ended, begun or not", async () => {
    const held = gate();
    const calls: TaskCallbackContext[] = [];
    const onDeadlineMissed = (context: TaskCallbackContext) => void calls.push(context);
    const several = dag("several", { defaults: { deadline: "10m", onDeadlineMissed } }, (d) => {
      const quick = d.task("quick", () => [1, 2, 3]);
      const slow = d.map("slow", { over: quick }, ({ element }) => (element === 1 ? undefined : held.opened));
      d.task("later", { deadline: "30m" }, () => undefined).after(slow);
      d.task("never", {}, () => undefined).after(slow);
    });
    const clock = new ManualClock(start);
    await using opened = await openEngine({ dags: [several], clock });
    const { runNo } = await opened.engine.trigger(several);
    await clock.advance(hour);
    const tasks = await opened.store.tasks.ofRun(runNo);
    const noOf = (id: string, mapIndex = -1) =>
      tasks.find(({ taskId, mapIndex: index }) => taskId === id && index === mapIndex)?.taskInstanceNo;
    expect(await toldIn(opened)).toEqual([
      `10: task ${noOf("slow", 1)} by 10`,
      `10: task ${noOf("never")} by 10`,
      `30: task ${noOf("later")} by 30`,
    ]);
    expect(calls.map(({ taskId, mapIndex, attempt }) => [taskId, mapIndex, attempt])).toEqual([
      ["slow", 1, 1],
      ["never", -1, 0],
      ["later", -1, 0],
    ]);
    held.open();
    await clock.advance(minute);
    expect((await opened.engine.runs())[0]?.state).toBe("success");
  });
});

describe("a deadline is told once", () => {
  test("though the engine is opened again and again, and one that passed meanwhile is told by the next", async () => {
    const calls: RunCallbackContext[] = [];
    const database = memoryDatabase();
    const clock = new ManualClock(start);
    for (const advance of [minute, 10 * minute, minute, hour, hour]) {
      const { one } = holding({ deadline: "5m", defaults: { deadline: "8m" } }, calls);
      await using opened = await openEngine({ dags: [one], clock, store: memoryStore({ database }) });
      await clock.drive(opened.engine.start());
      await opened.engine.trigger(one, { runId: "r", idempotencyKey: "r" });
      if (advance === minute) await clock.advance(minute);
      else clock.set(advance);
      await clock.advance(1);
    }
    const reader = memoryStore({ database });
    await reader.open("reader");
    expect((await toldIn({ store: reader })).map((line) => line.replace(/^.*: /, ""))).toEqual([
      "run by 5",
      "task 1 by 8",
    ]);
    expect(calls).toHaveLength(1);
  });

  test.for(["refused", "answer lost"] as const satisfies readonly Fault[])(
    "though the commit that tells it is %s",
    async (fault) => {
      const { one } = holding({ deadline: "5m", defaults: { deadline: "5m" } });
      const clock = new ManualClock(start);
      const faulty = faultyStore(memoryStore());
      await using opened = await openEngine({ dags: [one], clock, store: faulty.store });
      await opened.engine.trigger(one);
      await clock.advance(minute);
      let failures = 0;
      faulty.plan = {
        commit: (_, changes) =>
          changes.some(({ kind }) => kind === "appendEvent") && failures++ === 0 ? fault : "none",
      };
      await clock.advance(hour);
      expect(failures).toBeGreaterThan(0);
      expect((await toldIn(opened)).map((line) => line.replace(/^.*: /, ""))).toEqual(["run by 5", "task 1 by 5"]);
    },
  );

  test("and not again when the run is cleared and goes on", async () => {
    const { one, open } = holding({ deadline: "5m" });
    const clock = new ManualClock(start);
    await using opened = await openEngine({ dags: [one], clock });
    await opened.engine.trigger(one, { runId: "r" });
    await clock.advance(10 * minute);
    open();
    await clock.advance(minute);
    await opened.engine.clear("held", "r");
    await clock.advance(hour);
    expect((await opened.engine.runs())[0]?.state).toBe("success");
    expect(await toldIn(opened)).toHaveLength(1);
  });

  test("by a clock that is set back too", async () => {
    const { one } = holding({ deadline: "5m" });
    const clock = new ManualClock(start);
    await using opened = await openEngine({ dags: [one], clock });
    await opened.engine.trigger(one);
    await clock.advance(minute);
    clock.set(-hour);
    await clock.advance(10 * minute);
    expect(await toldIn(opened)).toHaveLength(1);
  });
});
