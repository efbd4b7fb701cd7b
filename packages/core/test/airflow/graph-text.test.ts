import { expect, test } from "vitest";
import { parseGraph } from "./graph-text.ts";

test("chains, lists and several statements become edges", () => {
  const { names, edges } = parseGraph("s1>w1>[w2,t1], s1>t1");
  expect(names).toEqual(["s1", "w1", "w2", "t1"]);
  expect(edges).toEqual([
    ["s1", "w1"],
    ["w1", "w2"],
    ["w1", "t1"],
    ["s1", "t1"],
  ]);
});

test("lists on both sides, double arrows and statements given apart", () => {
  expect(parseGraph(["[a, b] >> [c, d]", "d>e"]).edges).toHaveLength(5);
  expect(parseGraph("a>b;b>c").edges).toEqual([
    ["a", "b"],
    ["b", "c"],
  ]);
});

test("counts, marks and remarks are kept apart from the names", () => {
  const graph = parseGraph("op1(sc)>t[0..2] (t mapped over s), op1>t1_");
  expect(graph.names).toEqual(["op1", "t", "t1_"]);
  expect(graph.mapped.get("t")).toBe(3);
  expect(graph.marks.get("op1")).toBe("sc");
  expect(graph.remarks).toEqual(["t mapped over s"]);
});

test("anything else is refused with its place", () => {
  for (const text of ["a>%", "a>[b", "a(b", "1>2"]) expect(() => parseGraph(text), text).toThrow("not a graph");
});
