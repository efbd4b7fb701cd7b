import fc from "fast-check";
import { expect, test } from "vitest";
import type { WeightRule } from "../authoring/options.ts";
import { effectiveWeights } from "./weights.ts";

interface Graph {
  readonly tasks: readonly { readonly priority: number; readonly weightRule: WeightRule }[];
  readonly downstream: readonly (readonly number[])[];
}

const ruleOf: readonly WeightRule[] = ["downstream", "upstream", "absolute"];

/** Random graphs whose edges go from smaller to greater numbers, thin ones (trees, chains) and thick ones. */
const graphs: fc.Arbitrary<Graph> = fc
  .record({ size: fc.integer({ min: 1, max: 12 }), density: fc.constantFrom(1, 2, 4, 12) })
  .chain(({ size, density }) =>
    fc.record({
      tasks: fc.array(
        fc.record({ priority: fc.integer({ min: -50, max: 50 }), weightRule: fc.constantFrom(...ruleOf) }),
        { minLength: size, maxLength: size },
      ),
      downstream: fc
        .array(fc.array(fc.nat(size - 1), { maxLength: density }), { minLength: size, maxLength: size })
        .map((lists) => lists.map((list, from) => [...new Set(list.filter((to) => to > from))])),
    }),
  );

function weightsOf({ tasks, downstream }: Graph): number[] {
  const upstream: number[][] = tasks.map(() => []);
  downstream.forEach((list, from) => {
    for (const to of list) upstream[to].push(from);
  });
  const order = tasks.map((_, number) => number);
  return [...effectiveWeights(tasks, downstream, upstream, order)];
}

/** All that can be reached, the plain way. */
function reached(start: number, neighboursOf: (node: number) => readonly number[]): ReadonlySet<number> {
  const seen = new Set<number>();
  const visit = (node: number): void => {
    for (const next of neighboursOf(node)) if (!seen.has(next)) visit(seen.add(next) && next);
  };
  visit(start);
  return seen;
}

test("a weight is the own priority and that of every task behind or before, each counted once", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { tasks, downstream } = graph;
      const upstreamOf = (node: number) => downstream.flatMap((list, from) => (list.includes(node) ? [from] : []));
      const expected = tasks.map(({ priority, weightRule }, number) => {
        if (weightRule === "absolute") return priority;
        const others = reached(number, weightRule === "downstream" ? (node) => downstream[node] : upstreamOf);
        return [...others].reduce((sum, other) => sum + tasks[other].priority, priority);
      });
      expect(weightsOf(graph)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

test("weights stay within 32 bits", () => {
  for (const weightRule of ruleOf) {
    const tasks = [2_147_483_640, 100, -2_147_483_640].map((priority) => ({ priority, weightRule }));
    const [first, , last] = weightsOf({ tasks: tasks.slice(0, 2), downstream: [[1], []] }).concat(
      weightsOf({ tasks: [tasks[2], { priority: -100, weightRule }], downstream: [[1], []] }),
    );
    const isAlone = weightRule !== "downstream";
    expect([first, last]).toEqual([isAlone ? 2_147_483_640 : 2_147_483_647, isAlone ? -2_147_483_640 : -2_147_483_648]);
  }
  expect(weightsOf({ tasks: [{ priority: 1e15, weightRule: "absolute" }], downstream: [[]] })).toEqual([2_147_483_647]);
});

test("a graph of many layers, all joined, is weighed in a moment", () => {
  const [width, depth] = [30, 60];
  const tasks = Array.from({ length: width * depth }, () => ({ priority: 1, weightRule: "downstream" as const }));
  const downstream = tasks.map((_, number) => {
    const next = (Math.floor(number / width) + 1) * width;
    return next >= tasks.length ? [] : Array.from({ length: width }, (_, place) => next + place);
  });
  expect(weightsOf({ tasks, downstream })[0]).toBe(1 + width * (depth - 1));
});
