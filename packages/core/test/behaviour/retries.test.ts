import { describe, expect, test } from "vitest";
import { dag, fail, type RetryPolicy, skip } from "../../src/index.ts";
import { gate, openEngine, statesOf } from "../test-engine.ts";

/** Milliseconds between the attempts of a task that always fails. */
async function delaysOf(retries: number | RetryPolicy, retryDelay?: string): Promise<number[]> {
  const failing = dag("failing", {}, (d) => {
    d.task("t", { retries, retryDelay }, () => {
      throw new TypeError("no");
    });
  });
  await using opened = await openEngine({ dags: [failing] });
  const result = await opened.run(failing, { logicalDate: "2026-01-01" });
  expect(result.tasks["t"].state).toBe("failed");
  const starts = opened.events.filter(({ kind }) => kind === "task.running").map(({ at }) => at);
  return starts.slice(1).map((at, place) => at - starts[place]);
}

describe("delay between attempts", () => {
  test("none without retries", async () => {
    expect(await delaysOf(0)).toEqual([]);
  });

  test("fixed", async () => {
    expect(await delaysOf({ max: 3, delay: "10s", backoff: "fixed" })).toEqual([10_000, 10_000, 10_000]);
  });

  test("linear: by the number of the attempt", async () => {
    expect(await delaysOf({ max: 3, delay: "10s", backoff: "linear" })).toEqual([10_000, 20_000, 30_000]);
  });

  test("exponential without jitter doubles", async () => {
    expect(await delaysOf({ max: 4, delay: "10s", backoff: "exponential", jitter: false })).toEqual([
      10_000, 20_000, 40_000, 80_000,
    ]);
  });

  test("by another factor", async () => {
    expect(await delaysOf({ max: 3, delay: "10s", backoff: { factor: 3 }, jitter: false })).toEqual([
      10_000, 30_000, 90_000,
    ]);
  });

  test("exponential with jitter lies in [d, 2d) and is the same every time", async () => {
    const policy: RetryPolicy = { max: 4, delay: "10s" };
    const delays = await delaysOf(policy);
    delays.forEach((delay, place) => {
      expect(delay).toBeGreaterThanOrEqual(10_000 * 2 ** place);
      expect(delay).toBeLessThan(20_000 * 2 ** place);
    });
    expect(delays).not.toEqual([10_000, 20_000, 40_000, 80_000]);
    expect(await delaysOf(policy)).toEqual(delays);
  });

  test("a number of retries takes retryDelay, with the default growth", async () => {
    const [first, second] = await delaysOf(2, "7s");
    expect(first).toBeGreaterThanOrEqual(7_000);
    expect(first).toBeLessThan(14_000);
    expect(second).toBeGreaterThanOrEqual(14_000);
  });

  test("by the author's own function of attempt and error", async () => {
    const seen: unknown[] = [];
    const backoff = (attempt: number, error: unknown): string => {
      seen.push([attempt, (error as Error).name]);
      return `${attempt * 3}s`;
    };
    expect(await delaysOf({ max: 2, backoff })).toEqual([3_000, 6_000]);
    expect(seen).toEqual([
      [1, "TypeError"],
      [2, "TypeError"],
    ]);
  });

  test.for([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["gives no duration", () => "soon"],
    ["gives a negative one", () => ({ seconds: -5 })],
  ] as [string, () => string][])("a function that %s falls back to the base delay", async ([, backoff]) => {
    expect(await delaysOf({ max: 2, delay: "4s", backoff })).toEqual([4_000, 4_000]);
  });

  test("never above maxDelay, nor above a day", async () => {
    expect(await delaysOf({ max: 3, delay: "10s", maxDelay: "15s", jitter: false })).toEqual([10_000, 15_000, 15_000]);
    expect(await delaysOf({ max: 2, delay: "20h", maxDelay: "30d", jitter: false })).toEqual([72_000_000, 86_400_000]);
    expect(
      await delaysOf({
        max: 1,
        delay: "1h",
        maxDelay: "2s",
        backoff: () => {
          throw new Error("mine");
        },
      }),
    ).toEqual([2_000]);
  });
});

describe("which failures are tried again", () => {
  const failing = (retries: RetryPolicy, thrown: () => unknown) =>
    dag("failing", {}, (d) => {
      d.task("t", { retries: { delay: "1s", ...retries } }, () => {
        throw thrown();
      });
    });

  test("those that the filter picks", async () => {
    const when = (error: unknown): boolean => (error as Error).message === "again";
    for (const [message, attempts] of [
      ["again", 3],
      ["never", 1],
    ] as const) {
      const filtered = failing({ max: 2, when }, () => new Error(message));
      await using opened = await openEngine({ dags: [filtered] });
      expect((await opened.run(filtered)).tasks["t"].attempts).toBe(attempts);
    }
  });

  test("none by a filter that throws, and the run goes on", async () => {
    const thrower = failing(
      {
        max: 2,
        when: () => {
          throw new Error("filter");
        },
      },
      () => new Error("task"),
    );
    await using opened = await openEngine({ dags: [thrower] });
    expect((await opened.run(thrower)).tasks["t"]).toMatchObject({ attempts: 1, error: { message: "task" } });
  });

  test("not fail(), which is final", async () => {
    const final = failing({ max: 5 }, () => fail("for good"));
    await using opened = await openEngine({ dags: [final] });
    const result = await opened.run(final);
    expect(result.tasks["t"]).toMatchObject({
      state: "failed",
      attempts: 1,
      error: { name: "Failed", message: "for good" },
    });
  });

  test("not skip(), which is no failure", async () => {
    const skipping = dag("skipping", {}, (d) => {
      const a = d.task("a", { retries: 3 }, () => {
        throw skip("nothing to do");
      });
      d.task("b", { input: a }, () => undefined);
    });
    await using opened = await openEngine({ dags: [skipping] });
    const result = await opened.run(skipping);
    expect(statesOf(result)).toEqual({ a: "skipped", b: "skipped" });
    expect(result.tasks["a"]).toMatchObject({ attempts: 1, error: { name: "Skipped", message: "nothing to do" } });
    expect(result.state).toBe("success");
  });

  const revoked = (): unknown => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const hostile = (): Error =>
    Object.defineProperty(new Error("x"), "message", {
      get: () => {
        throw revoked();
      },
    });
  test.for([
    ["a text", () => "oops", /type string/],
    ["null", () => null, /type null/],
    ["undefined", () => undefined, /type undefined/],
    ["an object without prototype", () => Object.create(null), /type object/],
    ["a symbol", () => Symbol("s"), /type symbol/],
    ["a revoked proxy", revoked, /proxy/],
    ["an error that throws when it is looked at", hostile, /cannot be looked at/],
  ] as [string, () => unknown, RegExp][])("%s is a failure like any other", async ([, thrown, message]) => {
    const odd = failing({ max: 1 }, thrown);
    await using opened = await openEngine({ dags: [odd] });
    const { tasks } = await opened.run(odd);
    expect(tasks["t"]).toMatchObject({ state: "failed", attempts: 2 });
    expect(tasks["t"].error?.message).toMatch(message);
  });

  test("a message without end is cut", async () => {
    const long = failing({ max: 0 }, () => new Error("x".repeat(1_000_000)));
    await using opened = await openEngine({ dags: [long] });
    expect((await opened.run(long)).tasks["t"].error?.message.length).toBeLessThan(70_000);
  });
});

describe("executionTimeout", () => {
  test("an attempt that ignores its signal is recorded as timed out, and what it does later changes nothing", async () => {
    const late = gate<string>();
    let signal: AbortSignal | undefined;
    const slow = dag("slow", {}, (d) => {
      const t = d.task("t", { executionTimeout: "10s" }, async (context) => {
        signal = context.signal;
        const value = await late.opened;
        await context.xcom.push("late", value);
        return value;
      });
      d.task("next", { input: t, triggerRule: "all_done" }, ({ input }) => input ?? "nothing");
    });
    await using opened = await openEngine({ dags: [slow] });
    const result = await opened.run(slow);
    expect(result.tasks["t"]).toMatchObject({ state: "failed", error: { code: "TASK_TIMEOUT" } });
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: "TASK_TIMEOUT" });
    expect(result.endedAt?.epochMilliseconds).toBe((result.startedAt?.epochMilliseconds ?? 0) + 10_000);
    late.open("late");
    await opened.clock.settle();
    expect(await result.xcom("t")).toBeUndefined();
    expect(await result.xcom("t", { key: "late" })).toBeUndefined();
    expect(await result.xcom("next")).toBe("nothing");
    expect((await opened.engine.tasks("slow", result.runId)).map(({ state }) => state)).toEqual(["failed", "success"]);
  });

  test("frees the slot, counts as an attempt, and is tried again", async () => {
    const seen: number[] = [];
    const stuck = dag("stuck", {}, (d) => {
      d.task("t", { executionTimeout: "5s", retries: { max: 2, delay: "1s", backoff: "fixed" } }, ({ attempt }) => {
        seen.push(attempt);
        return attempt < 3 ? new Promise<number>(() => undefined) : attempt;
      });
    });
    await using opened = await openEngine({ dags: [stuck], concurrency: 1 });
    const result = await opened.run(stuck);
    expect(result.tasks["t"]).toMatchObject({ state: "success", attempts: 3, error: null });
    expect(seen).toEqual([1, 2, 3]);
    expect(await result.xcom("t")).toBe(3);
  });

  test("the late end of a first attempt does not end the second", async () => {
    const first = gate<string>();
    const second = gate<string>();
    const twice = dag("twice", {}, (d) => {
      d.task("t", { executionTimeout: "5s", retries: { max: 1, delay: "1s", backoff: "fixed" } }, ({ attempt }) =>
        attempt === 1 ? first.opened : second.opened,
      );
    });
    await using opened = await openEngine({ dags: [twice] });
    const { engine, clock } = opened;
    const ended = engine.run(twice);
    await clock.advance(6_500);
    first.open("first");
    await clock.settle();
    second.open("second");
    const result = await clock.drive(ended);
    expect(await result.xcom("t")).toBe("second");
    expect(result.tasks["t"]).toMatchObject({ state: "success", attempts: 2 });
  });

  test("an attempt in time is left alone", async () => {
    const fast = dag("fast", {}, (d) => {
      d.task("t", { executionTimeout: "5s" }, () => "done");
    });
    await using opened = await openEngine({ dags: [fast] });
    const result = await opened.run(fast);
    await opened.clock.advance(60_000);
    expect(result.tasks["t"].state).toBe("success");
    expect(opened.events.at(-1)?.kind).toBe("run.success");
  });
});

describe("an attempt that never ends", () => {
  test("holds its run, which can be cancelled, and nobody else's", async () => {
    const never = dag("never", {}, (d) => {
      d.task("t", () => new Promise<void>(() => undefined));
    });
    const other = dag("other", {}, (d) => {
      d.task("t", () => "fine");
    });
    await using opened = await openEngine({ dags: [never, other] });
    const { engine, clock } = opened;
    const stuck = engine.run(never, { runId: "stuck" });
    await clock.settle();
    expect((await opened.run(other)).state).toBe("success");
    expect(await clock.drive(engine.cancel("never", "stuck"))).toBe(true);
    expect((await clock.drive(stuck)).tasks["t"].state).toBe("cancelled");
  });
});
