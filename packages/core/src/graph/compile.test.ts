import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TaskOptions } from "../authoring/options.ts";
import { dag } from "../index.ts";
import { type CompiledGraph, compileGraph, reach } from "./compile.ts";

type Role = "work" | "setup" | "teardown" | "failing teardown";

interface Drawn {
  readonly roles: readonly Role[];
  readonly edges: readonly (readonly [number, number])[];
}

const drawn: fc.Arbitrary<Drawn> = fc.integer({ min: 1, max: 8 }).chain((size) =>
  fc.record({
    roles: fc.array(fc.constantFrom<Role>("work", "work", "setup", "teardown", "failing teardown"), {
      minLength: size,
      maxLength: size,
    }),
    edges: fc
      .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: size * 2 })
      .map((pairs) => [...new Map(pairs.filter(([a, b]) => a < b).map((pair) => [pair.join(), pair])).values()]),
  }),
);

function compile({ roles, edges }: Drawn): CompiledGraph {
  return compileGraph(
    dag("d", {}, (d) => {
      const tasks = roles.map((role, number) => {
        const options: TaskOptions =
          role === "work" ? {} : role === "setup" ? { role } : { role: "teardown", failRun: role !== "teardown" };
        return d.task(`t${number}`, { ...options, input: undefined }, () => 1);
      });
      for (const [from, to] of edges) tasks[from].before(tasks[to]);
    }),
  );
}

const closure = (start: number, next: (node: number) => readonly number[]): number[] =>
  next(start).flatMap((node) => [node, ...closure(node, next)]);

describe("a compiled graph", () => {
  test("has neighbours on both sides, roots, and an order that every edge obeys", () => {
    fc.assert(
      fc.property(drawn, (picture) => {
        const { upstream, downstream, roots, order, setupCount } = compile(picture);
        for (const [from, to] of picture.edges) {
          expect(downstream[from]).toContain(to);
          expect(upstream[to]).toContain(from);
          expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
        }
        expect(downstream.flat()).toHaveLength(picture.edges.length);
        expect(order.toSorted((a, b) => a - b)).toEqual(picture.roles.map((_, number) => number));
        expect([...roots].toSorted((a, b) => a - b)).toEqual(
          order.filter((task) => upstream[task].length === 0).toSorted((a, b) => a - b),
        );
        expect([...setupCount]).toEqual(
          upstream.map((list) => list.filter((task) => picture.roles[task] === "setup").length),
        );
      }),
    );
  });

  test("considers the tasks that nothing follows but teardowns that do not count, and never such a teardown", () => {
    fc.assert(
      fc.property(drawn, (picture) => {
        const { considered, downstream } = compile(picture);
        const leaves = picture.roles.flatMap((role, task) =>
          role !== "teardown" && downstream[task].every((next) => picture.roles[next] === "teardown") ? [task] : [],
        );
        const plain = picture.roles.flatMap((_, task) => (downstream[task].length === 0 ? [task] : []));
        expect(considered).toEqual(leaves.length > 0 ? leaves : plain);
        expect(considered.length).toBeGreaterThan(0);
      }),
    );
  });

  test("knows the setups in whose scope a task stands without following them directly", () => {
    fc.assert(
      fc.property(drawn, (picture) => {
        const { indirectSetups, indirectDownstream, upstream, downstream } = compile(picture);
        const isTeardown = (task: number): boolean => picture.roles[task].endsWith("teardown");
        const before = (task: number) => closure(task, (node) => upstream[node]);
        const behind = (task: number) => closure(task, (node) => downstream[node]);
        for (const task of picture.roles.keys()) {
          const wanted = picture.roles.flatMap((role, setup) => {
            const ends = downstream[setup].filter(isTeardown);
            const isInScope = ends.length === 0 || ends.some((end) => behind(task).includes(end));
            const isFar = before(task).includes(setup) && !upstream[task].includes(setup);
            return role === "setup" && !isTeardown(task) && isFar && isInScope ? [setup] : [];
          });
          expect([...indirectSetups[task]].toSorted((a, b) => a - b)).toEqual(wanted);
          for (const setup of wanted) expect(indirectDownstream[setup]).toContain(task);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("of a chain of 50,000 tasks takes no stack", () => {
    const length = 50_000;
    const neighbours = Array.from({ length }, (_, node) => (node + 1 < length ? [node + 1] : []));
    expect(reach(0, neighbours).size).toBe(length - 1);
  });
});
