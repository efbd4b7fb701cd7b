import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dag } from "../index.ts";
import type { TaskHandle } from "./handles.ts";
import {
  concat,
  countElements,
  elementsOf,
  isMappable,
  type MapOver,
  type MapSource,
  tasksOfSource,
  zip,
} from "./map-source.ts";

/** The source that `over` becomes, with one task `a` and one task `b` to take from. */
function sourceOf(over: (a: TaskHandle<unknown[]>, b: TaskHandle<unknown[]>) => MapOver): MapSource {
  const { tasks } = dag("d", {}, (d) => {
    const list = (id: string) => d.task(id, (): unknown[] => []);
    d.map("m", { over: over(list("a"), list("b")) }, () => 1);
  });
  return tasks[2].map?.over as MapSource;
}

const results = new Map<string, unknown>([
  ["a", [1, 2, 3]],
  ["b", { x: "X", y: "Y" }],
]);
const elements = (source: MapSource) => elementsOf(source, (task) => results.get(task), "m");

describe("elements", () => {
  test("of a task, a list, an object as its entries", () => {
    expect(elements(sourceOf((a) => a))).toEqual([1, 2, 3]);
    expect(elements(sourceOf((_, b) => b))).toEqual([
      ["x", "X"],
      ["y", "Y"],
    ]);
    expect(elements(sourceOf(() => ["p", null]))).toEqual(["p", null]);
  });

  test("of a record: every combination, the first name varying slowest", () => {
    expect(elements(sourceOf((a) => ({ n: a, k: ["u", "v"] })))).toEqual([
      { n: 1, k: "u" },
      { n: 1, k: "v" },
      { n: 2, k: "u" },
      { n: 2, k: "v" },
      { n: 3, k: "u" },
      { n: 3, k: "v" },
    ]);
    expect(elements(sourceOf(() => ({ only: { p: 1, q: 2 } })))).toEqual([{ only: ["p", 1] }, { only: ["q", 2] }]);
    expect(elements(sourceOf((a) => ({ n: a, none: [] })))).toEqual([]);
  });

  test("one behind the other and side by side, also within each other", () => {
    expect(elements(sourceOf((a, b) => concat(a, ["p"], b)))).toEqual([1, 2, 3, "p", ["x", "X"], ["y", "Y"]]);
    expect(elements(sourceOf((a, b) => zip([a, b])))).toEqual([
      [1, ["x", "X"]],
      [2, ["y", "Y"]],
    ]);
    expect(elements(sourceOf((a, b) => zip([a, b], { fill: null })))[2]).toEqual([3, null]);
    expect(elements(sourceOf((a) => zip([concat(a, a), [9]], { fill: 0 })))).toHaveLength(6);
    expect(elements(sourceOf((a) => ({ n: concat(a, [4]), z: zip([a, a]) })))).toHaveLength(12);
    expect(elements({ kind: "zip", parts: [], fill: undefined })).toEqual([]);
  });

  test("of a name that means something to JavaScript", () => {
    const [element] = elements({ kind: "product", factors: [["__proto__", { kind: "literal", value: [1] }]] });
    expect(Object.keys(element as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(element)).toBe(Object.prototype);
  });

  test("are counted without being made", () => {
    const long = Array.from({ length: 1_000 }, () => 0);
    const count = (source: MapSource) => countElements(source, (task) => results.get(task), "m");
    expect(count(sourceOf(() => ({ a: long, b: long, c: long, d: long })))).toBe(1e12);
    for (const source of [
      sourceOf((a, b) => ({ a, b: zip([a, b], { fill: 0 }), c: concat(a, b) })),
      sourceOf((a) => a),
      sourceOf((_, b) => zip([b, [1, 2, 3]])),
    ])
      expect(count(source)).toBe(elements(source).length);
  });

  test("have the lengths that follow from their parts", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(), { maxLength: 5 }), { minLength: 1, maxLength: 4 }), (lists) => {
        const parts = lists.map((value): MapSource => ({ kind: "literal", value }));
        const lengths = lists.map(({ length }) => length);
        expect(elements({ kind: "concat", parts })).toEqual(lists.flat());
        expect(elements({ kind: "zip", parts, fill: undefined })).toHaveLength(Math.min(...lengths));
        expect(elements({ kind: "zip", parts, fill: { value: 0 } })).toHaveLength(Math.max(...lengths));
        const factors = parts.map((part, place) => [`f${place}`, part] as const);
        expect(elements({ kind: "product", factors })).toHaveLength(lengths.reduce((a, b) => a * b, 1));
      }),
    );
  });
});

test("the tasks of a source are told once each, however deep they stand", () => {
  expect(tasksOfSource(sourceOf((a, b) => ({ p: zip([a, concat(b, a)]), q: a, r: [1] })))).toEqual(["a", "b"]);
  expect(tasksOfSource(sourceOf(() => [1]))).toEqual([]);
});

test("a list that is changed after the DAG was made does not change the DAG", () => {
  const list = [1, 2];
  const source = sourceOf(() => list);
  list.push(3);
  expect(elements(source)).toEqual([1, 2]);
});

test("lists and plain objects can be mapped over, and nothing else", () => {
  for (const value of [[], {}, Object.create(null)]) expect(isMappable(value)).toBe(true);
  for (const value of [null, undefined, "abc", 5, new Map(), new Set([1]), new Date(), new Uint8Array(2), () => 1])
    expect(isMappable(value)).toBe(false);
  expect(() => elements({ kind: "task", task: "nobody" })).toThrow(/'m' maps over a value of type undefined/);
});
