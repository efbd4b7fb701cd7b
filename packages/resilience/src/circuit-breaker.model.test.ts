import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BreakerState, type BreakerTransition, circuitBreaker, memoryBreakerStore } from "./index.ts";

// The model knows the rules and nothing of the implementation. Calls may overlap: a call is begun and ended by two events.
const threshold = 2;
const periodMs = 1_000;

type Event =
  | { readonly kind: "begin"; readonly instance: number }
  | { readonly kind: "end"; readonly pick: number; readonly how: "success" | "failure" | "cancelled" }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "reset" }
  | { readonly kind: "isolate" };

interface ModelCall {
  readonly period: number;
  readonly isProbe: boolean;
}

class Model {
  state: BreakerState = "CLOSED";
  failures = 0;
  openedAt = 0;
  held = false;
  probe: ModelCall | undefined;
  probeUntil = 0;
  period = 0;
  moves: string[] = [];

  begin(now: number): ModelCall | undefined {
    if (this.state === "OPEN") {
      if (this.held || now < this.openedAt + periodMs) return undefined;
      this.#move("HALF_OPEN");
    } else if (this.state === "HALF_OPEN" && this.probe && now < this.probeUntil) return undefined;
    const call = { period: this.period, isProbe: this.state === "HALF_OPEN" };
    if (call.isProbe) {
      this.probe = call;
      this.probeUntil = now + periodMs;
    }
    return call;
  }

  end(call: ModelCall, how: "success" | "failure" | "cancelled", now: number): void {
    if (call.period !== this.period || (call.isProbe && this.probe !== call)) return;
    if (how === "cancelled") this.probe = undefined;
    else if (how === "success") {
      this.failures = 0;
      if (call.isProbe) this.#move("CLOSED");
    } else {
      this.failures++;
      if (call.isProbe || this.failures >= threshold) this.#open(now);
    }
  }

  reset(): void {
    this.failures = 0;
    this.held = false;
    if (this.state !== "CLOSED") this.#move("CLOSED");
    else this.period++;
  }

  isolate(now: number): void {
    if (this.held) return;
    this.#open(now);
    this.held = true;
  }

  #open(now: number): void {
    this.openedAt = now;
    this.#move("OPEN");
  }

  #move(to: BreakerState): void {
    this.moves.push(`${this.state}>${to}`);
    this.state = to;
    this.period++;
    this.probe = undefined;
  }
}

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("begin" as const), instance: fc.nat(2) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      pick: fc.nat(5),
      how: fc.constantFrom("success", "failure", "failure", "cancelled"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(1, 400, 999, 1_000, 2_500) }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Event>({ kind: "reset" }, { kind: "isolate" }) },
);

describe("the breaker and its model", () => {
  it("agree on every step of any story of overlapping calls through three instances", async () => {
    const pairs = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 80, size: "max" }), async (story) => {
        let now = 0;
        const clock = { now: () => now, sleep: async () => {} };
        const store = memoryBreakerStore();
        const transitions: BreakerTransition[] = [];
        const instances = [0, 1, 2].map(() => {
          const breaker = circuitBreaker({
            name: "m",
            failureThreshold: threshold,
            timeoutSeconds: periodMs / 1_000,
            clock,
            store,
          });
          breaker.onTransition((transition) => transitions.push(transition));
          return breaker;
        });
        const model = new Model();
        const pending: { model: ModelCall; finish: (how: "success" | "failure" | "cancelled") => Promise<void> }[] = [];

        for (const step of story) {
          if (step.kind !== "end" || pending.length > 0)
            pairs.add(`${model.held ? "HELD" : model.state} ${step.kind}${step.kind === "end" ? ` ${step.how}` : ""}`);
          if (step.kind === "advance") now += step.ms;
          else if (step.kind === "reset") {
            model.reset();
            await instances[0].reset();
          } else if (step.kind === "isolate") {
            model.isolate(now);
            await instances[0].isolate();
          } else if (step.kind === "begin") {
            const expected = model.begin(now);
            const call = await begin(instances[step.instance]);
            expect(call !== undefined).toBe(expected !== undefined);
            if (call && expected) pending.push({ model: expected, finish: call });
          } else if (step.kind === "end" && pending.length > 0) {
            const [call] = pending.splice(step.pick % pending.length, 1);
            model.end(call.model, step.how, now);
            await call.finish(step.how);
          }
          const seen = await instances[2].read();
          expect([seen.state, seen.failureCount, seen.isolated]).toEqual([model.state, model.failures, model.held]);
          expect(transitions.map(({ from, to }) => `${from}>${to}`)).toEqual(model.moves);
        }
        for (const call of pending) await call.finish("cancelled");
      }),
      { numRuns: 400, seed: 20260101 },
    );
    const states = ["CLOSED", "OPEN", "HALF_OPEN", "HELD"];
    const events = ["begin", "end success", "end failure", "end cancelled", "advance", "reset", "isolate"];
    const expected = states.flatMap((state) => events.map((name) => `${state} ${name}`));
    expect(expected.filter((pair) => !pairs.has(pair))).toEqual([]);
  });
});

/** Begins a call and waits until it was let through (then gives how to end it) or refused. */
async function begin(breaker: ReturnType<typeof circuitBreaker>) {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<boolean>();
  const call = breaker.call(
    () => {
      started.resolve(true);
      return promise;
    },
    { signal: controller.signal },
  );
  const done = call.then(
    () => started.resolve(false),
    () => started.resolve(false),
  );
  if (!(await started.promise)) return undefined;
  return async (how: "success" | "failure" | "cancelled") => {
    if (how === "cancelled") controller.abort();
    if (how === "success") resolve();
    else reject(how === "cancelled" ? controller.signal.reason : new Error("down"));
    await done;
  };
}
