import { isDag, isMillraceError } from "@millrace/core";
import { checkDagId, checkRunId, checkTaskPath, checkXComKey } from "@millrace/core/engine";
import { decodeValue, encodeValue } from "@millrace/core/plugin";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arbitraryDag,
  arbitraryDagPlan,
  arbitraryHostileId,
  arbitraryXComValue,
  dagOfPlan,
  plannedTaskId,
} from "../../src/arbitraries.ts";
import { testDag } from "../../src/index.ts";

describe("random DAGs", () => {
  test("are valid, of every kind, and have the tasks of their plan in its order", () => {
    const kinds = new Set<string>();
    const rules = new Set<string>();
    fc.assert(
      fc.property(arbitraryDagPlan(), (plan) => {
        const made = dagOfPlan(plan);
        expect(isDag(made)).toBe(true);
        expect(made.tasks.map(({ id }) => id)).toEqual(plan.tasks.map((_, number) => plannedTaskId(plan, number)));
        for (const { kind, role, triggerRule, id } of made.tasks) {
          kinds
            .add(kind)
            .add(role)
            .add(id.includes(".") ? "grouped" : "free");
          rules.add(triggerRule);
        }
      }),
      { numRuns: 1_000 },
    );
    expect([...kinds].sort()).toEqual(
      ["branch", "empty", "free", "grouped", "map", "setup", "short_circuit", "task", "teardown", "work"].sort(),
    );
    expect(rules.size).toBe(13);
  });

  test("have only what is asked for", () => {
    const plain = {
      branches: false,
      groups: false,
      mapped: false,
      setups: false,
      failures: false,
      waits: false,
    } as const;
    fc.assert(
      fc.property(arbitraryDag({ ...plain, id: "plain", rules: ["all_done"], minTasks: 3, maxTasks: 5 }), (made) => {
        expect(made.id).toBe("plain");
        expect(made.tasks.length).toBeGreaterThanOrEqual(3);
        expect(made.tasks.length).toBeLessThanOrEqual(5);
        for (const { kind, triggerRule, retries } of made.tasks) {
          expect(["task", "empty"]).toContain(kind);
          expect([triggerRule, retries.max]).toEqual(["all_done", 0]);
        }
      }),
    );
  });

  test("shrink to small valid ones", () => {
    const failing = fc.property(
      arbitraryDag({ maxTasks: 30 }),
      (made) => made.tasks.filter(({ map }) => map).length < 2,
    );
    const { counterexample } = fc.check(failing, { seed: 5, numRuns: 1_000 });
    const [smallest] = counterexample ?? [];
    expect(smallest?.tasks.filter(({ map }) => map)).toHaveLength(2);
    expect(smallest?.tasks.length).toBeLessThan(5);
    expect(smallest?.edges).toEqual([]);
  });

  test("run to an end", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDag(), async (made) => {
        expect(["success", "failed"]).toContain((await testDag(made)).state);
      }),
      { numRuns: 100 },
    );
  });
});

test("random XCom values come back as they were", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(arbitraryXComValue(), (value) => {
      const text = encodeValue(value);
      const back = decodeValue(text);
      kinds.add(Object.prototype.toString.call(value));
      expect(Object.prototype.toString.call(back)).toBe(Object.prototype.toString.call(value));
      expect(encodeValue(back)).toBe(text);
      expect(back).toEqual(value);
    }),
    { numRuns: 2_000 },
  );
  for (const kind of [
    "Null",
    "BigInt",
    "Date",
    "Map",
    "Set",
    "Uint8Array",
    "Temporal.ZonedDateTime",
    "Temporal.Duration",
  ])
    expect([...kinds]).toContain(`[object ${kind}]`);
});

test("hostile ids are refused with a code, or are within the grammar of ids", () => {
  const seen = { refused: 0, taken: 0 };
  fc.assert(
    fc.property(arbitraryHostileId(), (id) => {
      for (const check of [checkDagId, checkTaskPath, checkRunId, checkXComKey]) {
        try {
          expect(check(id)).toBe(id);
          expect(id).not.toMatch(/[/\\\0\n]|^\.{0,2}$/);
          seen.taken++;
        } catch (error) {
          if (!isMillraceError(error)) throw error;
          seen.refused++;
        }
      }
    }),
    { numRuns: 1_000 },
  );
  expect(seen.refused).toBeGreaterThan(1_500);
  expect(seen.taken).toBeGreaterThan(100);
});
