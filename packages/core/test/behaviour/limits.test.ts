import { describe, expect, test } from "vitest";
import { dag, type WeightRule } from "../../src/index.ts";
import type { EngineEvent } from "../../src/observe/engine-event.ts";
import { openEngine, startOrder } from "../test-engine.ts";

/** The most that ran at once, of those that `weigh` gives a weight. */
function mostAtOnce(events: readonly EngineEvent[], weigh: (event: EngineEvent) => number): number {
  let running = 0;
  let most = 0;
  for (const event of events) {
    if (!event.kind.startsWith("task.") || event.kind === "task.expanded" || event.attempt === undefined) continue;
    running += event.kind === "task.running" ? weigh(event) : -weigh(event);
    most = Math.max(most, running);
  }
  return most;
}

describe("priority", () => {
  /** `a → b → c` and `x`, `y` beside it, in a pool of one slot. */
  const chain = (weightRule: WeightRule, priorities: Partial<Record<string, number>> = {}) =>
    dag("chain", { defaults: { weightRule, pool: "one" } }, (d) => {
      const task = (id: string) => d.task(id, { priority: priorities[id] ?? 1 }, () => undefined);
      const [a, b, c] = [task("a"), task("b"), task("c")];
      d.chain(a, b, c);
      task("x");
      task("y");
    });

  test.for([
    ["downstream: what has most behind it goes first", "downstream", {}, ["a", "b", "x", "y", "c"]],
    ["upstream: what has most before it goes first", "upstream", {}, ["a", "b", "c", "x", "y"]],
    ["absolute: by its own alone", "absolute", { y: 9, c: 5 }, ["y", "a", "x", "b", "c"]],
  ] as const)("%s", async ([, rule, priorities, expected]) => {
    const chained = chain(rule, priorities);
    await using opened = await openEngine({ dags: [chained], pools: { one: 1 } });
    expect((await opened.run(chained)).state).toBe("success");
    // Tasks of equal weight come in the order in which they became ready.
    expect(startOrder(opened.events)).toEqual(expected);
  });

  test("a task of higher priority that becomes ready later goes before those that wait", async () => {
    const late = dag("late", { defaults: { weightRule: "absolute", pool: "one" } }, (d) => {
      const first = d.task("first", { priority: 10 }, () => undefined);
      for (const id of ["low1", "low2", "low3"]) d.task(id, { priority: 1 }, () => undefined);
      d.task("high", { priority: 5 }, () => undefined).after(first);
    });
    await using opened = await openEngine({ dags: [late], pools: { one: 1 } });
    await opened.run(late);
    expect(startOrder(opened.events)).toEqual(["first", "high", "low1", "low2", "low3"]);
  });

  test("among equals the earlier logical date goes first", async () => {
    const dated = dag("dated", { defaults: { pool: "one" } }, (d) => {
      d.task("t", () => undefined);
    });
    await using opened = await openEngine({ dags: [dated], pools: { one: 1 } });
    const { engine, clock } = opened;
    const dates = ["2026-01-03", "2026-01-01", "2026-01-02"];
    await clock.drive(Promise.all(dates.map((day) => engine.run(dated, { runId: `d${day}`, logicalDate: day }))));
    const order = opened.events.filter(({ kind }) => kind === "task.running").map(({ runId }) => runId);
    expect(order.slice(1)).toEqual(["d2026-01-01", "d2026-01-02", "d2026-01-03"].filter((id) => id !== order[0]));
  });
});

describe("limits are never exceeded", () => {
  const wait = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("slots of a pool, with several per task", async () => {
    const weights: Record<string, number> = { small: 1, middle: 2, big: 3 };
    const pooled = dag("pooled", {}, (d) => {
      for (const [size, poolSlots] of Object.entries(weights))
        for (let n = 0; n < 6; n++) d.task(`${size}${n}`, { pool: "p", poolSlots }, wait);
    });
    await using opened = await openEngine({ dags: [pooled], pools: { p: 4 } });
    expect((await opened.run(pooled)).state).toBe("success");
    const used = mostAtOnce(opened.events, ({ taskId }) => weights[taskId?.replace(/\d+$/, "") ?? ""] ?? 0);
    expect(used).toBe(4);
  });

  test("maxActiveTasks of a DAG, over all its runs", async () => {
    const few = dag("few", { maxActiveTasks: 3 }, (d) => {
      for (let n = 0; n < 10; n++) d.task(`t${n}`, wait);
    });
    await using opened = await openEngine({ dags: [few] });
    const { engine, clock } = opened;
    await clock.drive(Promise.all([engine.run(few), engine.run(few), engine.run(few)]));
    expect(mostAtOnce(opened.events, () => 1)).toBe(3);
  });

  test("maxActivePerDag of a task, over all runs", async () => {
    const one = dag("one", {}, (d) => {
      d.task("alone", { maxActivePerDag: 1 }, wait);
      for (let n = 0; n < 3; n++) d.task(`t${n}`, wait);
    });
    await using opened = await openEngine({ dags: [one] });
    const { engine, clock } = opened;
    await clock.drive(Promise.all(Array.from({ length: 5 }, () => engine.run(one))));
    expect(mostAtOnce(opened.events, ({ taskId }) => (taskId === "alone" ? 1 : 0))).toBe(1);
    expect(mostAtOnce(opened.events, () => 1)).toBeGreaterThan(3);
  });

  test("maxActiveRuns: the others wait, queued, and begin in order", async () => {
    const two = dag("two", { maxActiveRuns: 2 }, (d) => {
      d.task("t", { executionTimeout: "1m" }, () => new Promise(() => undefined));
    });
    await using opened = await openEngine({ dags: [two] });
    const { engine, clock } = opened;
    const runs = [1, 2, 3, 4, 5].map((n) => engine.run(two, { runId: `r${n}` }));
    await clock.settle();
    expect((await engine.runs()).map(({ state }) => state)).toEqual([
      "queued",
      "queued",
      "queued",
      "running",
      "running",
    ]);
    await clock.drive(Promise.all(runs));
    const running = opened.events.filter(({ kind }) => kind === "run.running").map(({ runId }) => runId);
    expect(running).toEqual(["r1", "r2", "r3", "r4", "r5"]);
    let active = 0;
    for (const { kind } of opened.events) {
      if (kind === "run.running") expect(++active).toBeLessThanOrEqual(2);
      if (kind === "run.failed") active--;
    }
  });

  test("concurrency of the process", async () => {
    const many = dag("many", { maxActiveTasks: 100 }, (d) => {
      for (let n = 0; n < 20; n++) d.task(`t${n}`, wait);
    });
    await using opened = await openEngine({ dags: [many], concurrency: 4 });
    await opened.run(many);
    expect(mostAtOnce(opened.events, () => 1)).toBe(4);
  });

  test("a closed pool lets nobody begin, and holds up nobody else", async () => {
    const closed = dag("closed", {}, (d) => {
      d.task("held", { pool: "none" }, () => undefined);
      d.task("free", () => undefined);
    });
    await using opened = await openEngine({ dags: [closed], pools: { none: 0 } });
    const { engine, clock } = opened;
    const ended = engine.run(closed, { runId: "r" });
    await clock.advance(60_000);
    expect((await engine.tasks("closed", "r")).map(({ state }) => state)).toEqual(["scheduled", "success"]);
    await clock.drive(engine.cancel("closed", "r"));
    await clock.drive(ended);
  });
});

describe("fairness", () => {
  test("a DAG with ten thousand ready tasks does not keep another waiting", async () => {
    const big = dag("big", { maxActiveTasks: 10_000, defaults: { pool: "p" } }, (d) => {
      for (let n = 0; n < 10_000; n++) d.task(`t${n}`, () => undefined);
    });
    const small = dag("small", { defaults: { pool: "p" } }, (d) => {
      const a = d.task("a", { weightRule: "absolute" }, () => undefined);
      d.task("b", () => undefined).after(a);
    });
    await using opened = await openEngine({ dags: [big, small], pools: { p: 4 }, concurrency: 4 });
    const { engine, clock } = opened;
    const long = engine.run(big);
    while (!opened.events.some(({ kind }) => kind === "task.success"))
      await new Promise((resolve) => setImmediate(resolve));
    await engine.run(small);
    const before = opened.events.filter(({ kind, dagId }) => kind === "task.running" && dagId === "big").length;
    expect(before).toBeLessThan(1_000);
    expect((await clock.drive(long)).state).toBe("success");
  });

  test("a full pool of one DAG holds up no DAG that needs another pool", async () => {
    const hog = dag("hog", {}, (d) => {
      for (let n = 0; n < 50; n++)
        d.task(`t${n}`, { pool: "narrow", priority: 100 }, () => new Promise(() => undefined));
    });
    const free = dag("free", {}, (d) => {
      d.task("t", () => undefined);
    });
    await using opened = await openEngine({ dags: [hog, free], pools: { narrow: 1 } });
    const { engine, clock } = opened;
    const stuck = engine.run(hog, { runId: "r" });
    await clock.settle();
    expect((await opened.run(free)).state).toBe("success");
    await clock.drive(engine.cancel("hog", "r"));
    await clock.drive(stuck);
  });

  test("a task that never gets a turn is not forgotten when the one before it is cancelled", async () => {
    const hog = dag("hog", {}, (d) => {
      d.task("t", { pool: "one" }, () => new Promise(() => undefined));
    });
    const waits = dag("waits", {}, (d) => {
      d.task("t", { pool: "one" }, () => undefined);
    });
    await using opened = await openEngine({ dags: [hog, waits], pools: { one: 1 } });
    const { engine, clock } = opened;
    const first = engine.run(hog, { runId: "first" });
    const second = engine.run(hog, { runId: "second" });
    await clock.settle();
    const third = engine.run(waits);
    await clock.settle();
    await clock.drive(Promise.all([engine.cancel("hog", "second"), engine.cancel("hog", "first")]));
    expect((await clock.drive(third)).state).toBe("success");
    await clock.drive(Promise.all([first, second]));
  });
});

describe("what cannot work is refused at once", () => {
  const named = (id: string, pool: string, poolSlots = 1) =>
    dag(id, {}, (d) => {
      d.task("t", { pool, poolSlots }, () => undefined);
    });

  test("an unknown pool", async () => {
    await expect(openEngine({ dags: [named("a", "nowhere")] })).rejects.toMatchObject({
      code: "POOL_UNKNOWN",
      message: /Task 't' of DAG 'a'.*'nowhere'/,
    });
  });

  test("more slots than the pool has", async () => {
    await expect(openEngine({ dags: [named("a", "p", 3)], pools: { p: 2 } })).rejects.toMatchObject({
      code: "DAG_OPTION_INVALID",
      message: /poolSlots.*3.*pool 'p' has 2 slots/,
    });
  });

  test("two DAGs with one id, and what is no DAG", async () => {
    await expect(openEngine({ dags: [named("a", "default_pool"), named("a", "default_pool")] })).rejects.toMatchObject({
      code: "DAG_DUPLICATE",
    });
    await expect(openEngine({ dags: [{ id: "x" } as never] })).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
  });

  test.for([{ p: -1 }, { p: 1.5 }, { p: Number.NaN }])("a pool of %o slots", async (pools) => {
    await expect(openEngine({ dags: [], pools })).rejects.toMatchObject({ code: "POOL_INVALID" });
  });

  test.for([0, -1, 1.5, Number.NaN])("a concurrency of %d", async (concurrency) => {
    await expect(openEngine({ dags: [], concurrency })).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
  });
});
