import { describe, expect, test } from "vitest";
import { awaitEvent, reschedule } from "../../src/authoring/signals.ts";
import { dag } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";

const noon = Date.UTC(2026, 9, 22, 12);

describe("reschedule", () => {
  test("frees the slot, runs the same attempt again at that instant, and keeps what it pushed", async () => {
    const seen: [attempt: number, at: number, before: unknown][] = [];
    const sensor = dag("sensor", {}, (d) => {
      d.task("poke", { retries: 1 }, async ({ attempt, xcom, state }) => {
        const looks = ((await state.get("looks")) as number | undefined) ?? 0;
        seen.push([attempt, opened.clock.now(), await xcom.pull({ key: "look" })]);
        await xcom.push("look", looks);
        await state.set("looks", looks + 1);
        if (looks < 3) throw reschedule(opened.clock.now() + 60_000);
        return "found";
      });
      d.task("other", () => "meanwhile");
    });
    const opened = await openEngine({ dags: [sensor], concurrency: 1 });
    await using _ = opened;
    const result = await opened.run(sensor);
    expect(result.tasks["poke"]).toMatchObject({ state: "success", attempts: 1 });
    expect(seen).toEqual([
      [1, noon, undefined],
      [1, noon + 60_000, 0],
      [1, noon + 120_000, 1],
      [1, noon + 180_000, 2],
    ]);
    expect(await result.xcom("poke", { key: "look" })).toBe(3);
    expect(opened.events.filter(({ kind }) => kind === "task.up_for_reschedule")).toHaveLength(3);
  });

  test("a retry after a reschedule is a new attempt, which starts without the pushes of the one before", async () => {
    const seen: [attempt: number, before: unknown][] = [];
    let looks = 0;
    const sensor = dag("sensor", {}, (d) => {
      d.task("poke", { retries: { max: 1, delay: "1s" } }, async ({ attempt, xcom }) => {
        seen.push([attempt, await xcom.pull({ key: "k" })]);
        await xcom.push("k", ++looks);
        if (looks === 1 || looks === 3) throw reschedule(opened.clock.now() + 1_000);
        if (looks === 2) throw new Error("broken");
      });
    });
    const opened = await openEngine({ dags: [sensor] });
    await using _ = opened;
    const result = await opened.run(sensor);
    expect(seen).toEqual([
      [1, undefined],
      [1, 1],
      [2, undefined],
      [2, 3],
    ]);
    expect(result.tasks["poke"]).toMatchObject({ state: "success", attempts: 2 });
    expect(await result.xcom("poke", { key: "k" })).toBe(4);
  });

  test.for([
    ["an instant", () => "2026-10-22T12:05:00Z", noon + 300_000],
    ["a date, at midnight in the DAG's zone", () => "2026-10-23", Date.UTC(2026, 9, 22, 22)],
    ["the past: at once", () => noon - 5_000, noon],
    ["a fraction of a millisecond: the next whole one", () => noon + 0.5, noon + 1],
  ] as [string, () => string | number, number][])("to %s", async ([, at, expected]) => {
    const times: number[] = [];
    const once = dag("once", { timezone: "Europe/Berlin" }, (d) => {
      d.task("t", () => {
        times.push(opened.clock.now());
        if (times.length === 1) throw reschedule(at());
      });
    });
    const opened = await openEngine({ dags: [once] });
    await using _ = opened;
    expect((await opened.run(once)).state).toBe("success");
    expect(times).toEqual([noon, expected]);
  });

  test.for([
    ["no number", Number.NaN, "TASK_OUTCOME_INVALID"],
    ["endless", Number.POSITIVE_INFINITY, "TASK_OUTCOME_INVALID"],
    ["no instant", "tomorrow", "INSTANT_INVALID"],
  ] as const)("to what is %s fails the attempt", async ([, at, code]) => {
    const wrong = dag("wrong", {}, (d) => {
      d.task("t", () => {
        throw reschedule(at);
      });
    });
    await using opened = await openEngine({ dags: [wrong] });
    expect((await opened.run(wrong)).tasks["t"]).toMatchObject({ state: "failed", error: { code } });
  });
});

describe("await", () => {
  const waiter = (calls: number[]) =>
    dag("waiter", {}, (d) => {
      d.task("t", async ({ state, attempt }) => {
        calls.push(attempt);
        if ((await state.get("asked")) === undefined) {
          await state.set("asked", true);
          throw awaitEvent("file:arrived");
        }
        return "arrived";
      });
      d.task("other", () => undefined);
    });

  test("waits without a slot until the event is signalled, and goes on as the same attempt", async () => {
    const calls: number[] = [];
    const waiting = waiter(calls);
    await using opened = await openEngine({ dags: [waiting], concurrency: 1 });
    const { engine, clock } = opened;
    const ended = engine.run(waiting);
    await clock.advance(3_600_000);
    expect(calls).toEqual([1]);
    expect((await engine.tasks("waiter", (await engine.runs())[0]?.runId ?? "")).map(({ state }) => state)).toEqual([
      "waiting",
      "success",
    ]);
    await clock.drive(engine.signal("file:arrived"));
    const result = await clock.drive(ended);
    expect(calls).toEqual([1, 1]);
    expect(result.tasks["t"]).toMatchObject({ state: "success", attempts: 1 });
    expect(await result.xcom("t")).toBe("arrived");
  });

  test("an event that was signalled before counts", async () => {
    const calls: number[] = [];
    const waiting = waiter(calls);
    await using opened = await openEngine({ dags: [waiting] });
    await opened.clock.drive(opened.engine.signal("file:arrived"));
    expect((await opened.run(waiting)).state).toBe("success");
    expect(calls).toEqual([1, 1]);
  });

  test("another event wakes nobody", async () => {
    const waiting = waiter([]);
    await using opened = await openEngine({ dags: [waiting] });
    const { engine, clock } = opened;
    const ended = engine.run(waiting, { runId: "r" });
    await clock.settle();
    await clock.drive(engine.signal("file:other"));
    expect((await engine.tasks("waiter", "r"))[0]?.state).toBe("waiting");
    await clock.drive(engine.cancel("waiter", "r"));
    expect((await clock.drive(ended)).tasks["t"].state).toBe("cancelled");
  });

  test("many runs that await one event are all woken by it", async () => {
    const waiting = waiter([]);
    await using opened = await openEngine({ dags: [waiting] });
    const { engine, clock } = opened;
    const ended = Promise.all(Array.from({ length: 10 }, () => engine.run(waiting)));
    await clock.settle();
    await clock.drive(engine.signal("file:arrived"));
    expect((await clock.drive(ended)).map(({ state }) => state)).toEqual(Array.from({ length: 10 }, () => "success"));
  });

  test.for([
    ["", 0],
    [5 as unknown as string, 1],
    ["x".repeat(501), 2],
    ["millrace:run:1", 3],
  ] as const)("an event of the wrong kind fails the attempt: %s", async ([event]) => {
    const wrong = dag("wrong", {}, (d) => {
      d.task("t", () => {
        throw awaitEvent(event);
      });
    });
    await using opened = await openEngine({ dags: [wrong] });
    expect(statesOf(await opened.run(wrong))).toEqual({ t: "failed" });
  });

  test("a signal of the wrong kind is refused", async () => {
    await using opened = await openEngine({ dags: [] });
    for (const event of ["", "x".repeat(501), "millrace:run:1", 5 as unknown as string])
      await expect(opened.engine.signal(event)).rejects.toMatchObject({ code: "EVENT_NAME_INVALID" });
  });
});
