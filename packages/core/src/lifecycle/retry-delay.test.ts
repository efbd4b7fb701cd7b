import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jitterSeed, type RetryDelayPolicy, retryDelayMs } from "./retry-delay.ts";

const dayMs = 86_400_000;
const policy: RetryDelayPolicy = { delayMs: 30_000, backoff: "exponential", maxDelayMs: dayMs, jitter: true };
const seeds = fc.string();
const attempts = fc.integer({ min: 1, max: 2_000 });
const delays = fc.integer({ min: 0, max: dayMs * 2 });

describe("exponential growth with jitter", () => {
  test("is Airflow's formula, to the second", () => {
    const factors = fc.constantFrom(1, 1.5, 2, 3, 10);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        factors,
        fc.integer({ min: 1, max: 400 }),
        seeds,
        (seconds, factor, attempt, seed) => {
          const grown = Math.max(1, Math.ceil(seconds * factor ** (attempt - 1)));
          const base = Math.min(Number.isFinite(grown) ? grown : dayMs, 86_400);
          const draw = Number(BigInt(`0x${createHash("sha1").update(seed).digest("hex")}`) % BigInt(base));
          const wanted = Math.min(base + draw, 86_400) * 1_000;
          expect(retryDelayMs({ ...policy, delayMs: seconds * 1_000, backoff: { factor } }, attempt, seed)).toBe(
            wanted,
          );
        },
      ),
    );
  });

  test("lies in [d, 2d) of the nominal delay d, never above the limits, and is the same whenever it is asked for", () => {
    fc.assert(
      fc.property(delays, attempts, seeds, delays, (delayMs, attempt, seed, maxDelayMs) => {
        const wait = retryDelayMs({ ...policy, delayMs, maxDelayMs }, attempt, seed);
        expect(wait).toBe(retryDelayMs({ ...policy, delayMs, maxDelayMs }, attempt, seed));
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(maxDelayMs, dayMs));
        const nominal = Math.max(1_000, Math.ceil((delayMs / 1_000) * 2 ** (attempt - 1)) * 1_000);
        if (wait < Math.min(maxDelayMs, dayMs)) {
          expect(wait).toBeGreaterThanOrEqual(nominal);
          expect(wait).toBeLessThan(2 * nominal);
        }
      }),
    );
  });

  test("differs between task instances and attempts", () => {
    const waits = new Set(
      Array.from({ length: 50 }, (_, n) => retryDelayMs({ ...policy, delayMs: 3_600_000 }, 1, `seed ${n}`)),
    );
    expect(waits.size).toBeGreaterThan(40);
  });

  test("without jitter it doubles, and stays at the limit once it is there", () => {
    const plain = { ...policy, jitter: false, maxDelayMs: 100_000 };
    expect([1, 2, 3, 4, 5_000].map((attempt) => retryDelayMs(plain, attempt, ""))).toEqual([
      30_000, 60_000, 100_000, 100_000, 100_000,
    ]);
  });
});

describe("other growth", () => {
  test("fixed and linear, with jitter only where it is asked for", () => {
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 100 }), seeds, (delayMs, attempt, seed) => {
        const limit = (ms: number): number => Math.min(ms, dayMs);
        const fixed = { ...policy, delayMs, backoff: "fixed", jitter: false } as const;
        expect(retryDelayMs(fixed, attempt, seed)).toBe(limit(delayMs));
        expect(retryDelayMs({ ...fixed, backoff: "linear" }, attempt, seed)).toBe(limit(delayMs * attempt));
        const spread = retryDelayMs({ ...fixed, jitter: true }, attempt, seed);
        expect(spread).toBeGreaterThanOrEqual(limit(delayMs));
        expect(spread).toBeLessThanOrEqual(limit(Math.max(2 * delayMs - 1, delayMs)));
      }),
    );
  });

  test("an own function decides alone, within the limits", () => {
    const own = (backoff: (attempt: number, error: unknown) => number) => ({ ...policy, maxDelayMs: 5_000, backoff });
    expect(
      retryDelayMs(
        own((attempt, error) => attempt * (error as number)),
        3,
        "",
        7,
      ),
    ).toBe(21);
    for (const [given, wanted] of [
      [-5, 0],
      [1e9, 5_000],
      [Number.NaN, 5_000],
      [Number.POSITIVE_INFINITY, 5_000],
      [1.4, 1],
    ])
      expect(
        retryDelayMs(
          own(() => given),
          1,
          "",
        ),
      ).toBe(wanted);
  });
});

test("the seed is the text that Airflow hashes", () => {
  expect(jitterSeed("my_dag", "my_task", Date.UTC(2024, 0, 1), 1)).toBe("my_dag#my_task#2024-01-01 00:00:00+00:00#1");
  expect(jitterSeed("d", "t", Date.UTC(2024, 0, 1, 2, 3, 4, 50), 12)).toBe("d#t#2024-01-01 02:03:04.050000+00:00#12");
});
