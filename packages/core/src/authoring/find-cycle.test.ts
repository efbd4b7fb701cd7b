import fc from "fast-check";
import { expect, test } from "vitest";
import { findCycle } from "./find-cycle.ts";

const graphs = fc
  .integer({ min: 1, max: 8 })
  .chain((size) =>
    fc.tuple(fc.constant(size), fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 16 })),
  );

/** Takes away nodes that nothing leads to until none is left, or a cycle is. */
function hasCycle(size: number, edges: readonly (readonly [number, number])[]): boolean {
  const left = new Set(Array.from({ length: size }, (_, node) => node));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const node of left) if (!edges.some(([from, to]) => to === node && left.has(from))) left.delete(node);
  }
  return left.size > 0;
}

test("finds a cycle exactly where there is one, and what it gives is one", () => {
  fc.assert(
    fc.property(graphs, ([size, edges]) => {
      const cycle = findCycle(size, edges);
      expect(cycle !== undefined).toBe(hasCycle(size, edges));
      if (!cycle) return;
      expect(cycle.length).toBeGreaterThanOrEqual(2);
      expect(cycle.at(-1)).toBe(cycle[0]);
      expect(new Set(cycle).size).toBe(cycle.length - 1);
      for (const [place, node] of cycle.slice(1).entries())
        expect(edges.some(([from, to]) => from === cycle[place] && to === node)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("a chain of 100,000 tasks with its end tied to its beginning takes no stack", () => {
  const size = 100_000;
  const chain = Array.from({ length: size - 1 }, (_, node) => [node, node + 1] as const);
  expect(findCycle(size, chain)).toBeUndefined();
  expect(findCycle(size, [...chain, [size - 1, 0]])).toHaveLength(size + 1);
});
