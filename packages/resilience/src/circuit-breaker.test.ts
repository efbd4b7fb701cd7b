import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { CountBreaker } from "cockatiel";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type BreakerStore, type BreakerTransition, circuitBreaker, memoryBreakerStore } from "./index.ts";

const down = new Error("connection refused");
const failing = () => Promise.reject(down);

function handClock(start = Date.UTC(2026, 0, 1)) {
  let ms = start;
  const advance = (by: number): void => {
    ms += by;
  };
  return { now: () => ms, sleep: async () => {}, advance };
}

/** Reproducible: 00000001, 00000002 … */
function countedRandomness() {
  let count = 0;
  return { hex: (bytes: number) => (++count).toString(16).padStart(bytes * 2, "0") };
}

function setUp(options: Partial<Parameters<typeof circuitBreaker>[0]> = {}) {
  const clock = handClock();
  const store = memoryBreakerStore();
  const warnings: string[] = [];
  const make = () =>
    circuitBreaker({
      name: "feed",
      clock,
      store,
      randomness: countedRandomness(),
      warn: (text) => warnings.push(text),
      ...options,
    });
  const breaker = make();
  const transitions: BreakerTransition[] = [];
  breaker.onTransition((transition) => transitions.push(transition));
  const arrows = () => transitions.map(({ from, to }) => `${from}>${to}`);
  return { clock, store, warnings, make, breaker, transitions, arrows };
}

async function fail(breaker: { call: (fn: () => Promise<never>) => Promise<never> }, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.call(failing)).rejects.toBe(down);
}

async function refusal(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isMillraceError(error, "BREAKER_OPEN")) throw new Error(`expected BREAKER_OPEN, got ${String(error)}`);
  return error;
}

describe("circuitBreaker", () => {
  it("opens at the third failure in a row, by default for 300 seconds, and says when to come back", async () => {
    const { breaker, clock, arrows } = setUp();
    await fail(breaker, 2);
    expect([breaker.state, breaker.failureCount, breaker.failure_count]).toEqual(["CLOSED", 2, 2]);
    await fail(breaker, 1);
    expect(breaker.state).toBe("OPEN");

    let called = false;
    const error = await refusal(breaker.call(() => (called = true)));
    expect(called).toBe(false);
    expect(error.message).toContain("is OPEN after 3 failure(s) in a row");
    expect(error.cure).toContain("2026-01-01T00:05:00.000Z");
    expect(error.values).toMatchObject({ retryInSeconds: 300, state: "OPEN" });

    clock.advance(299_999);
    await refusal(breaker.call(() => 1));
    clock.advance(1);
    expect(await breaker.call(() => 1)).toBe(1);
    expect([breaker.state, breaker.failureCount]).toEqual(["CLOSED", 0]);
    expect(arrows()).toEqual(["CLOSED>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>CLOSED"]);
  });

  it("takes either spelling of its options and refuses contradictions", async () => {
    const { breaker } = setUp({ failure_threshold: 1, timeout_seconds: 10 });
    await fail(breaker, 1);
    expect((await refusal(breaker.call(() => 1))).values.retryInSeconds).toBe(10);
    const refused: [Partial<Parameters<typeof circuitBreaker>[0]>, string][] = [
      [{ failureThreshold: 2, failure_threshold: 3 }, "failure_threshold"],
      [{ failureThreshold: 0 }, "failureThreshold"],
      [{ failureThreshold: 1.5 }, "failureThreshold"],
      [{ timeoutSeconds: -1 }, "timeoutSeconds"],
      [{ timeoutSeconds: Number.NaN }, "timeoutSeconds"],
      [{ timeoutSeconds: 10, maxTimeoutSeconds: 5 }, "maxTimeoutSeconds"],
      [{ timeoutGrowth: 0.5 }, "timeoutGrowth"],
      [{ jitter: 2 }, "jitter"],
      [{ successThreshold: 0 }, "successThreshold"],
      [{ name: "" }, "name"],
      [{ name: "a\u0000b" }, "name"],
    ];
    for (const [options, option] of refused) {
      expect(() => setUp(options), option).toThrow(
        expect.objectContaining({ code: "BREAKER_OPTION_INVALID", values: expect.objectContaining({ option }) }),
      );
    }
  });

  it("reopens when the probe fails, for longer if it is told to grow", async () => {
    const { breaker, clock } = setUp({
      failureThreshold: 1,
      timeoutSeconds: 60,
      timeoutGrowth: 2,
      maxTimeoutSeconds: 200,
    });
    const periods: unknown[] = [];
    for (let opening = 0; opening < 4; opening++) {
      await fail(breaker, 1);
      periods.push((await refusal(breaker.call(() => 1))).values.retryInSeconds);
      clock.advance(Number(periods.at(-1)) * 1_000);
    }
    expect(periods).toEqual([60, 120, 200, 200]);
  });

  it("closes only after as many good probes as it was told", async () => {
    const { breaker, clock } = setUp({ failureThreshold: 1, successThreshold: 2 });
    await fail(breaker, 1);
    clock.advance(300_000);
    await breaker.call(() => 1);
    expect(breaker.state).toBe("HALF_OPEN");
    await breaker.call(() => 1);
    expect(breaker.state).toBe("CLOSED");
  });

  it("lets one probe through among many concurrent callers of many instances", async () => {
    const { breaker, clock, make } = setUp({ failureThreshold: 1 });
    await fail(breaker, 1);
    clock.advance(300_000);
    let probes = 0;
    const { promise: answered, resolve: answer } = Promise.withResolvers<string>();
    const callers = Array.from({ length: 50 }, () =>
      make().call(() => {
        probes++;
        return answered;
      }),
    );
    const outcomes = Promise.allSettled(callers);
    while (probes === 0) await Promise.resolve();
    answer("up");
    const results = await outcomes;
    expect(probes).toBe(1);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "BREAKER_OPEN" });
    expect((await breaker.read()).state).toBe("CLOSED");
  });

  it("lets another probe through when the first never comes back", async () => {
    const { breaker, clock, make } = setUp({ failureThreshold: 1, probeTimeoutSeconds: 20 });
    await fail(breaker, 1);
    clock.advance(300_000);
    const first = make();
    let finishFirst: (value: string) => void = () => {};
    const lost = first.call(() => new Promise<string>((resolve) => (finishFirst = resolve)));
    while (first.state !== "HALF_OPEN") await Promise.resolve();
    expect((await refusal(breaker.call(() => 1))).message).toContain("another caller's probe is under way");
    clock.advance(20_000);
    await expect(breaker.call(failing)).rejects.toBe(down);
    finishFirst("late");
    expect(await lost).toBe("late");
    expect((await breaker.read()).state).toBe("OPEN");
  });

  it("keeps its state over instances, with everything that belongs to it", async () => {
    const { breaker, make, clock } = setUp({ timeoutGrowth: 2 });
    await fail(breaker, 3);
    clock.advance(300_000);
    await fail(make(), 1);
    const next = make();
    expect(next.state).toBe("CLOSED");
    const snapshot = await next.read();
    expect(next.state).toBe("OPEN");
    expect(snapshot).toEqual({
      name: "feed",
      state: "OPEN",
      failureCount: 4,
      isolated: false,
      openings: 2,
      openedAt: clock.now(),
      nextProbeAt: clock.now() + 600_000,
      lastFailure: { at: clock.now(), name: "Error", message: "connection refused" },
    });
  });

  it("never counts a cancellation by the caller, whatever shape the error takes", async () => {
    const { breaker, store } = setUp({ failureThreshold: 1 });
    for (const thrown of [
      (signal: AbortSignal) => signal.reason,
      () => new DOMException("stopped", "AbortError"),
      (signal: AbortSignal) => new Error("request failed", { cause: signal.reason }),
    ]) {
      const controller = new AbortController();
      const call = breaker.call(
        async (signal) => {
          controller.abort(new Error("the run was cancelled"));
          throw thrown(signal);
        },
        { signal: controller.signal },
      );
      await expect(call).rejects.toBeDefined();
      expect(breaker.state).toBe("CLOSED");
    }
    await expect(breaker.call(() => 1, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
    expect(await store.get("breaker:feed")).toBeUndefined();
    await expect(
      breaker.call(() => Promise.reject(new DOMException("own time limit", "AbortError"))),
    ).rejects.toThrow();
    expect(breaker.state).toBe("OPEN");
  });

  it("hands the probe on when the prober is cancelled", async () => {
    const { breaker, clock, make } = setUp({ failureThreshold: 1 });
    await fail(breaker, 1);
    clock.advance(300_000);
    const controller = new AbortController();
    const cancelled = breaker.call(
      async (signal) => {
        controller.abort();
        signal.throwIfAborted();
      },
      { signal: controller.signal },
    );
    await expect(cancelled).rejects.toThrow();
    expect(breaker.state).toBe("HALF_OPEN");
    expect(await make().call(() => "up")).toBe("up");
  });

  it("takes an error that does not count as an answer", async () => {
    const counts = (error: unknown) => !(error instanceof RangeError);
    const { breaker } = setUp({ failureThreshold: 2, counts });
    await fail(breaker, 1);
    await expect(breaker.call(() => Promise.reject(new RangeError("404")))).rejects.toThrow(RangeError);
    expect(breaker.failureCount).toBe(0);
    const broken = setUp({
      failureThreshold: 1,
      counts: () => {
        throw new Error("policy");
      },
    });
    await fail(broken.breaker, 1);
    expect(broken.breaker.state).toBe("OPEN");
  });

  it("can be held open and reset by hand", async () => {
    const { breaker, clock, transitions } = setUp();
    await breaker.isolate();
    clock.advance(1e9);
    expect((await refusal(breaker.call(() => 1))).message).toContain("held open by hand");
    await breaker.reset();
    expect(await breaker.call(() => 1)).toBe(1);
    expect(transitions.map(({ reason }) => reason)).toEqual(["isolated", "reset"]);
  });

  it("lets calls through while its store is down, warns once per outage and resumes where it was", async () => {
    let isDown = false;
    const memory = memoryBreakerStore();
    const store: BreakerStore = {
      get: async (key) => (isDown ? Promise.reject(new Error("disk gone")) : memory.get(key)),
      put: async (key, value, expected) =>
        isDown ? Promise.reject(new Error("disk gone")) : memory.put(key, value, expected),
    };
    const { breaker, warnings } = setUp({ store, failureThreshold: 1 });
    await fail(breaker, 1);
    isDown = true;
    expect(await breaker.call(() => "through")).toBe("through");
    await fail(breaker, 2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("disk gone");
    isDown = false;
    await refusal(breaker.call(() => 1));
    isDown = true;
    expect((await breaker.read()).state).toBe("OPEN");
    expect(warnings).toHaveLength(2);
  });

  it("begins anew on a record that is not readable, and leaves a newer one alone", async () => {
    const { breaker, store, warnings } = setUp({ failureThreshold: 1 });
    for (const text of ["{", "null", '{"v":1,"state":"OPEN"}', '{"v":1,"state":"AJAR","generation":0}']) {
      await store.put("breaker:feed", text, await store.get("breaker:feed"));
      expect(await breaker.call(() => 1)).toBe(1);
    }
    expect(warnings.every((text) => text.includes("not readable"))).toBe(true);
    await fail(breaker, 1);
    expect((await breaker.read()).state).toBe("OPEN");
    await store.put("breaker:feed", '{"v":2}', await store.get("breaker:feed"));
    expect(await breaker.call(() => 1)).toBe(1);
    expect(await store.get("breaker:feed")).toBe('{"v":2}');
  });

  it("gives up on a store whose compare-and-set never succeeds, and lets the call through", async () => {
    const { breaker, warnings } = setUp({
      failureThreshold: 1,
      store: { get: async () => undefined, put: async () => false },
    });
    await fail(breaker, 2);
    expect(warnings).toEqual([expect.stringContaining("refused 100 times")]);
  });

  it("is not troubled by a listener that throws, and tells nobody after close", async () => {
    const { breaker, transitions } = setUp({ failureThreshold: 1 });
    breaker.onTransition(() => {
      throw new Error("listener");
    });
    await fail(breaker, 1);
    expect(transitions).toHaveLength(1);
    breaker.close();
    await breaker.reset();
    expect(transitions).toHaveLength(1);
  });

  it("opens by a share of failures with cockatiel's CountBreaker, whose window is stored too", async () => {
    const { make } = setUp({ tripWhen: () => new CountBreaker({ size: 4, threshold: 0.5 }) });
    for (const ok of [true, false, true, false])
      await make()
        .call(ok ? () => 1 : failing)
        .catch(() => {});
    expect((await make().read()).state).toBe("CLOSED");
    await fail(make(), 1);
    expect((await make().read()).state).toBe("OPEN");
  });

  it("gives back what the function gives", async () => {
    const breaker = circuitBreaker({ name: "types" });
    expectTypeOf(breaker.call(() => 1)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(breaker.call(async (signal) => signal.aborted)).toEqualTypeOf<Promise<boolean>>();
    // @ts-expect-error a breaker has a name
    expect(() => circuitBreaker({})).toThrow("name");
  });
});
