import { describe, expect, test } from "vitest";
import { reschedule } from "../../src/authoring/signals.ts";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, statesOf } from "../test-engine.ts";

const minute = 60_000;
const hour = 60 * minute;

/** By how much the clock on the wall is set while everything waits. */
const jumps = [
  ["an hour back", -hour],
  ["an hour forward", hour],
  ["a day forward", 24 * hour],
  ["a day back", -24 * hour],
] as const;

/** Waits of every kind, and minutes of real time after which something was called. */
function waits(clock: ManualClock) {
  const start = clock.monotonic();
  const calls: string[] = [];
  const call = (name: string): number => calls.push(`${name} ${Math.floor((clock.monotonic() - start) / minute)}`);
  const definition = dag("waits", {}, (d) => {
    d.task("again", { retries: { max: 1, delay: "20m", backoff: "fixed" } }, ({ attempt }) => {
      call("again");
      if (attempt === 1) throw new Error("not yet");
    });
    d.task("later", async ({ state }) => {
      call("later");
      if ((await state.get("seen")) !== undefined) return;
      await state.set("seen", true);
      throw reschedule(clock.now() + 30 * minute);
    });
    d.task("long", { executionTimeout: "2h" }, async ({ signal }) => {
      await clock.sleep(50 * minute, signal);
      call("long");
    });
    d.task("endless", { executionTimeout: "40m" }, async ({ signal }) => {
      await clock.sleep(1_000 * hour, signal);
      call("endless");
    });
  });
  return { definition, calls };
}

describe.each(jumps)("a clock that is set %s", (_, by) => {
  test("makes no wait longer and no timeout shorter, and nothing happen twice", async () => {
    const clock = new ManualClock();
    const { definition, calls } = waits(clock);
    await using opened = await openEngine({ dags: [definition], clock });
    const ended = opened.engine.run(definition);
    await clock.advance(5 * minute);
    clock.set(by);
    const result = await clock.drive(ended);
    expect(statesOf(result)).toEqual({ again: "success", later: "success", long: "success", endless: "failed" });
    expect(result.tasks["endless"].error).toMatchObject({ code: "TASK_TIMEOUT" });
    const minutesOf = (name: string) =>
      calls.flatMap((text) => (text.startsWith(`${name} `) ? [Number(text.split(" ")[1])] : []));
    // Set forward, an instant may have come when the jump is noticed; set back, it comes when the time has passed.
    expect(minutesOf("again")).toEqual([0, by > 0 ? 6 : 20]);
    expect(minutesOf("later")).toEqual([0, by > 0 ? 6 : 30]);
    expect(minutesOf("long")).toEqual([by > 0 ? 6 : 50]);
    expect(minutesOf("endless")).toEqual([40]);
    expect(opened.events.map(({ seq }) => seq)).toEqual(
      opened.events.map((_, place) => (opened.events[0]?.seq ?? 0) + place),
    );
  });

  test("makes no wait that is read back longer than it was meant to be", async () => {
    const clock = new ManualClock();
    const database = memoryDatabase();
    const { definition, calls } = waits(clock);
    const first = await openEngine({ dags: [definition], clock, store: memoryStore({ database }) });
    await clock.drive(first.engine.trigger(definition, { runId: "r" }));
    await clock.advance(5 * minute);
    database.crash();
    await first[Symbol.asyncDispose]();
    clock.set(by);
    await using second = await openEngine({ dags: [definition], clock, store: memoryStore({ database }) });
    await clock.drive(second.engine.start());
    await clock.advance(40 * minute);
    const minutesOf = (name: string) =>
      calls.filter((text) => text.startsWith(`${name} `)).map((text) => text.split(" ")[1]);
    expect(minutesOf("again")).toEqual(["0", by > 0 ? "5" : "25"]);
    expect(minutesOf("later")).toEqual(["0", by > 0 ? "5" : "35"]);
  });

  test("ends no run early by its runTimeout, and none late", async () => {
    const clock = new ManualClock();
    const start = clock.monotonic();
    const held = dag("held", { runTimeout: "3h" }, (d) => {
      d.task("t", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)));
    });
    await using opened = await openEngine({ dags: [held], clock });
    const ended = opened.engine.run(held);
    await clock.advance(5 * minute);
    clock.set(by);
    expect((await clock.drive(ended)).state).toBe("failed");
    expect(clock.monotonic() - start).toBe(3 * hour);
  });
});
