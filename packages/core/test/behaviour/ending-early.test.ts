import { describe, expect, test } from "vitest";
import { awaitEvent, reschedule } from "../../src/authoring/signals.ts";
import { dag } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";

/** A run with a task in every state that a task can wait in. */
const every = dag("every", { maxActiveRuns: 1 }, (d) => {
  const done = d.task("done", () => undefined);
  d.task("running", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(1))));
  d.task("retrying", { retries: { max: 1, delay: "1h" } }, () => {
    throw new Error("once");
  });
  d.task("rescheduled", () => {
    throw reschedule(Date.UTC(2030, 0));
  });
  d.task("awaiting", () => {
    throw awaitEvent("never");
  });
  d.task("queued", { pool: "closed" }, () => undefined);
  d.task("behind", () => undefined).after(d.task("slow", () => new Promise(() => undefined)));
  d.map("mapped", { over: done.id === "done" ? [1, 2] : [] }, ({ element }) =>
    element === 1 ? element : new Promise<number>(() => undefined),
  );
});

const cancelled = {
  done: "success",
  running: "cancelled",
  retrying: "cancelled",
  rescheduled: "cancelled",
  awaiting: "cancelled",
  queued: "cancelled",
  slow: "cancelled",
  behind: "cancelled",
  mapped: "cancelled",
};

describe("cancel", () => {
  test("ends a run whatever its tasks are waiting for, and aborts those that run", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock, store } = opened;
    const ended = engine.run(every, { runId: "r" });
    await clock.settle();
    expect(await clock.drive(engine.cancel("every", "r", "changed my mind"))).toBe(true);
    const result = await clock.drive(ended);
    expect(result).toMatchObject({ state: "cancelled", note: "changed my mind" });
    expect(statesOf(result)).toEqual(cancelled);
    expect(result.tasks["mapped"].instances.map(({ state }) => state)).toEqual(["success", "cancelled"]);
    const rows = await store.tasks.ofRun(1);
    expect(rows.filter(({ state }) => state !== "cancelled").map(({ taskId }) => taskId)).toEqual(["done", "mapped"]);
    // Nothing of it goes on later.
    const count = opened.events.length;
    await clock.advance(7_200_000);
    expect(opened.events).toHaveLength(count);
    expect(await clock.drive(engine.cancel("every", "r"))).toBe(false);
  });

  test("ends a run that waits for its turn, and the next one takes that", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock } = opened;
    const runs = ["a", "b", "c"].map((runId) => engine.run(every, { runId }));
    await clock.settle();
    expect(await clock.drive(engine.cancel("every", "b"))).toBe(true);
    expect((await clock.drive(runs[1] as (typeof runs)[0])).state).toBe("cancelled");
    expect((await engine.runs()).map(({ runId, state }) => `${runId} ${state}`)).toEqual([
      "c queued",
      "b cancelled",
      "a running",
    ]);
    await clock.drive(engine.cancel("every", "a"));
    await clock.settle();
    expect((await engine.runs())[0]).toMatchObject({ runId: "c", state: "running" });
    await clock.drive(engine.cancel("every", "c"));
    await clock.drive(Promise.all(runs));
  });

  test("of a run right after it was made", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock } = opened;
    const { runId } = await clock.drive(engine.trigger(every));
    await clock.drive(engine.cancel("every", runId));
    expect((await engine.runs())[0]?.state).toBe("cancelled");
  });

  test("twice at once: both are told that it was active", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock } = opened;
    await clock.drive(engine.trigger(every, { runId: "r" }));
    const answers = await clock.drive(Promise.all([engine.cancel("every", "r"), engine.cancel("every", "r")]));
    expect(answers[0]).toBe(true);
    expect(opened.events.filter(({ kind }) => kind === "run.cancelled")).toHaveLength(1);
  });

  test("of a run that there is not", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock } = opened;
    await expect(clock.drive(engine.cancel("every", "none"))).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await expect(clock.drive(engine.cancel("none", "none"))).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await expect(clock.drive(engine.cancel("every", "../x"))).rejects.toMatchObject({ code: "RUN_ID_INVALID" });
  });
});

describe("runTimeout", () => {
  test("fails the run; what has not ended is skipped", async () => {
    const slow = dag("slow", { runTimeout: "10m" }, (d) => {
      const done = d.task("done", () => undefined);
      const stuck = d.task("stuck", () => new Promise(() => undefined)).after(done);
      d.task("behind", () => undefined).after(stuck);
    });
    await using opened = await openEngine({ dags: [slow] });
    const result = await opened.run(slow);
    expect(result.state).toBe("failed");
    expect(result.note).toMatch(/longer than its runTimeout of 10 min/);
    expect(statesOf(result)).toEqual({ done: "success", stuck: "skipped", behind: "skipped" });
    expect((result.endedAt?.epochMilliseconds ?? 0) - (result.startedAt?.epochMilliseconds ?? 0)).toBe(600_000);
  });

  test("counts from the start of the run, not from its request", async () => {
    const turns = dag("turns", { runTimeout: "10m", maxActiveRuns: 1 }, (d) => {
      d.task("t", { executionTimeout: "8m" }, () => new Promise(() => undefined));
    });
    await using opened = await openEngine({ dags: [turns] });
    const { engine, clock } = opened;
    const results = await clock.drive(Promise.all([engine.run(turns), engine.run(turns)]));
    expect(results.map(({ tasks }) => tasks["t"].error?.code)).toEqual(["TASK_TIMEOUT", "TASK_TIMEOUT"]);
  });

  test("is called off by the run's end", async () => {
    const fast = dag("fast", { runTimeout: "10m" }, (d) => {
      d.task("t", () => undefined);
    });
    await using opened = await openEngine({ dags: [fast] });
    const result = await opened.run(fast);
    await opened.clock.advance(3_600_000);
    expect(result.state).toBe("success");
    expect(opened.events.at(-1)?.kind).toBe("run.success");
  });
});

describe("failFast", () => {
  test("stops at the first failure that is final: what runs has failed, what waits is skipped", async () => {
    const fast = dag("fast", { failFast: true }, (d) => {
      d.task("done", () => undefined);
      d.task("bad", { retries: { max: 1, delay: "1m" } }, () => {
        throw new Error("bad");
      });
      const slow = d.task("slow", () => new Promise(() => undefined));
      d.task("behind", () => undefined).after(slow);
      d.task("waiting", () => {
        throw reschedule(Date.UTC(2030, 0));
      });
    });
    await using opened = await openEngine({ dags: [fast] });
    const { engine, clock } = opened;
    const ended = engine.run(fast, { runId: "r" });
    await clock.advance(30_000);
    expect((await engine.tasks("fast", "r")).map(({ state }) => state)).toEqual([
      "success",
      "up_for_retry",
      "running",
      "scheduled",
      "up_for_reschedule",
    ]);
    const result = await clock.drive(ended);
    expect(statesOf(result)).toEqual({
      done: "success",
      bad: "failed",
      slow: "failed",
      behind: "skipped",
      waiting: "skipped",
    });
    expect(result.state).toBe("failed");
    expect(result.tasks["behind"].reason).toMatch(/'bad' failed, and the DAG stops at the first failure/);
  });

  test("with thousands of tasks running", async () => {
    const wide = dag("wide", { failFast: true, maxActiveTasks: 5_000 }, (d) => {
      for (let n = 0; n < 4_000; n++) d.task(`t${n}`, () => new Promise(() => undefined));
      d.task("bad", () => {
        throw new Error("bad");
      });
    });
    await using opened = await openEngine({ dags: [wide], concurrency: 5_000, pools: { default_pool: 5_000 } });
    const result = await opened.run(wide);
    expect(new Set(Object.values(statesOf(result)))).toEqual(new Set(["failed"]));
  });
});

describe("runState", () => {
  const middle = (runState: "leaves" | "any_failed") =>
    dag("middle", { runState }, (d) => {
      const bad = d.task("bad", () => {
        throw new Error("bad");
      });
      d.task("leaf", { triggerRule: "all_done" }, () => undefined).after(bad);
    });

  test.for([
    ["leaves", "success"],
    ["any_failed", "failed"],
  ] as const)("%s: a failed task in the middle under a good leaf is a %s", async ([rule, state]) => {
    const dagged = middle(rule);
    await using opened = await openEngine({ dags: [dagged] });
    const result = await opened.run(dagged);
    expect(result.state).toBe(state);
    expect(result.summary).toBe(`${state}, 1 task failed`);
  });
});

describe("close", () => {
  test("aborts what runs, tells those who wait, starts nothing more, and leaves the rest as it is recorded", async () => {
    let started = 0;
    let aborted = false;
    const long = dag("long", { maxActiveTasks: 1 }, (d) => {
      d.task("first", ({ signal }) => {
        started++;
        return new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve();
          }),
        );
      });
      d.task("second", () => ++started);
    });
    await using opened = await openEngine({ dags: [long] });
    const { engine, clock } = opened;
    const ended = engine.run(long);
    const told = expect(ended).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    await clock.settle();
    const closing = [engine.close(), engine.close()];
    await clock.drive(Promise.all(closing));
    await told;
    await clock.advance(60_000);
    expect({ started, aborted }).toEqual({ started: 1, aborted: true });
    expect(clock.sleeping).toBe(0);
  });

  test("afterwards every door says that the engine is closed", async () => {
    await using opened = await openEngine({ dags: [every], pools: { closed: 0 } });
    const { engine, clock } = opened;
    await clock.drive(engine.close());
    const doors: (() => Promise<unknown>)[] = [
      () => engine.run(every),
      () => engine.trigger("every"),
      () => engine.cancel("every", "r"),
      () => engine.signal("x"),
      () => engine.start(),
      () => engine.runs(),
      () => engine.tasks("every", "r"),
      () => engine.events(),
      () => engine.xcom("every", "r", "done"),
    ];
    for (const door of doors) await expect(clock.drive(door())).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
  });
});
