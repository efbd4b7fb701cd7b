import fc from "fast-check";
import { expect, test } from "vitest";
import { type DraftLink, type DraftTask, resolveEdges } from "./resolve-edges.ts";

const work = (...ids: string[]): DraftTask[] => ids.map((id) => ({ id, role: "work" }));

function edgesOf(
  tasks: readonly DraftTask[],
  groups: Readonly<Record<string, readonly string[]>>,
  links: readonly string[],
) {
  const parsed = links.map((link): DraftLink => {
    const [from, to] = link.split(">");
    return { from: from.split("+"), to: to.split("+") };
  });
  const { edges } = resolveEdges(tasks, new Map(Object.entries(groups)), parsed);
  return edges.map(([from, to]) => `${tasks[from].id}>${tasks[to].id}`).toSorted();
}

test("links between tasks are edges, each once", () => {
  expect(edgesOf(work("a", "b", "c"), {}, ["a>b+c", "a>b", "b>c"])).toEqual(["a>b", "a>c", "b>c"]);
});

test("what links an inner group is looked at before what links the outer one, in whatever order it was written", () => {
  const tasks = work("s", "o.p.a", "o.q.b", "e");
  const groups = { o: ["o.p.a", "o.q.b"], "o.p": ["o.p.a"], "o.q": ["o.q.b"] };
  const links = ["s>o", "o>e", "o.p>o.q"];
  for (const order of [links, links.toReversed()])
    expect(edgesOf(tasks, groups, order)).toEqual(["o.p.a>o.q.b", "o.q.b>e", "s>o.p.a"]);
});

test("a link from within a group to the outside does not end the group there", () => {
  expect(edgesOf(work("g.a", "g.b", "x", "y"), { g: ["g.a", "g.b"] }, ["g.a>x", "g.a>g.b", "g>y"])).toEqual([
    "g.a>g.b",
    "g.a>x",
    "g.b>y",
  ]);
});

test("a group with nothing but teardowns, or nothing at all, has no end", () => {
  const tasks: DraftTask[] = [{ id: "g.t", role: "teardown" }, ...work("x")];
  expect(edgesOf(tasks, { g: ["g.t"], empty: [] }, ["g>x", "empty>x", "x>empty"])).toEqual([]);
});

test("ids that nobody has are left out", () => {
  expect(edgesOf(work("a"), {}, ["a>nobody", "nobody>a"])).toEqual([]);
});

test("every edge that comes from a group leaves one of its tasks, and none is lost between tasks", () => {
  const ids = ["a", "b", "g.c", "g.d", "g.h.e", "g.h.f"];
  const groups = new Map([
    ["g", ["g.c", "g.d", "g.h.e", "g.h.f"]],
    ["g.h", ["g.h.e", "g.h.f"]],
  ]);
  const ends = fc.constantFrom(...ids, "g", "g.h");
  fc.assert(
    fc.property(fc.array(fc.tuple(ends, ends), { maxLength: 8 }), (pairs) => {
      const tasks = work(...ids);
      const { edges } = resolveEdges(
        tasks,
        groups,
        pairs.map(([from, to]) => ({ from: [from], to: [to] })),
      );
      const inside = (end: string, id: string): boolean => (groups.get(end) ?? [end]).includes(id);
      for (const [from, to] of edges)
        expect(pairs.some(([a, b]) => inside(a, tasks[from].id) && inside(b, tasks[to].id))).toBe(true);
      for (const [from, to] of pairs)
        if (!groups.has(from) && !groups.has(to))
          expect(edges.map(([a, b]) => `${tasks[a].id}>${tasks[b].id}`)).toContain(`${from}>${to}`);
      expect(new Set(edges.map(String)).size).toBe(edges.length);
    }),
  );
});
