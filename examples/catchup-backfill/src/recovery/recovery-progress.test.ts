import type { StateAccessor } from "@millrace/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { backlogOf, describeRecovery, joinRecovery, leaveRecovery } from "./recovery-progress.ts";

const period = 100;
const interval = (n: number) => ({ start: n * period, end: (n + 1) * period });

/** State that others may change whenever somebody waits for it. */
function stateInMemory(): StateAccessor {
  const values = new Map<string, string>();
  const text = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
  return {
    get: async (key) => (values.has(key) ? JSON.parse(values.get(key) as string) : undefined),
    set: async (key, value) => void values.set(key, JSON.stringify(value)),
    delete: async (key) => void values.delete(key),
    compareAndSet: async (key, expected, value) => {
      if (values.get(key) !== text(expected)) return false;
      values.set(key, JSON.stringify(value));
      return true;
    },
  };
}

it("a run that is on time recovers from nothing", async () => {
  const state = stateInMemory();
  expect(await joinRecovery(state, interval(4), 510)).toBeUndefined();
  expect(await leaveRecovery(state, interval(4), false)).toBeUndefined();
});

it("every interval of the backlog is counted once, quarters are told once, and the last one ends it, in any order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 2, max: 14 })
        .chain((count) =>
          fc.tuple(
            fc.constant(count),
            fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
            fc.array(fc.boolean(), { minLength: count, maxLength: count }),
            fc.integer({ min: 1, max: 4 }),
          ),
        ),
      async ([count, order, fails, atOnce]) => {
        const state = stateInMemory();
        const now = count * period + 10;
        // Those that may begin at once join before any of them is through.
        await Promise.all([...Array(count).keys()].map((n) => joinRecovery(state, interval(n), now + n)));
        const told: number[] = [];
        let ends = 0;
        for (let begin = 0; begin < count; begin += atOnce) {
          const steps = await Promise.all(
            order.slice(begin, begin + atOnce).map((n) => leaveRecovery(state, interval(n), fails[n])),
          );
          for (const step of steps) {
            expect(step && backlogOf(step.recovery)).toBe(count);
            if (step?.quarter !== undefined) told.push(step.quarter);
            if (step?.isOver) ends++;
          }
        }
        expect(ends).toBe(1);
        expect(new Set(told).size).toBe(told.length);
        expect(told).toContain(4);
        expect(await state.get("recovery")).toBeUndefined();
      },
    ),
    { numRuns: 100 },
  );
});

it("intervals that become due meanwhile are no part of the backlog", async () => {
  const state = stateInMemory();
  await joinRecovery(state, interval(0), 310);
  expect(await joinRecovery(state, interval(3), 405)).toMatchObject({ from: 0, beganAt: 310 });
  expect(await leaveRecovery(state, interval(3), false)).toBeUndefined();
  const step = await leaveRecovery(state, interval(0), true);
  expect(step && describeRecovery(step.recovery)).toBe("1 of 3 intervals worked off (33 %), 1 failed");
});
