import { describe, expect, it } from "vitest";
import { styleOf } from "../terminal/style.ts";
import type { DagPicture } from "./dag-picture.ts";
import { svgOf } from "./svg.ts";
import { outlineLines } from "./task-outline.ts";
import { dotOf, mermaidOf } from "./text-formats.ts";

const picture: DagPicture = {
  id: "daily",
  nodes: [
    { id: "extract", label: "extract", kind: "task", role: "work" },
    { id: "load.rows", label: "load.rows[*]", kind: "map", role: "work" },
    { id: "load.deep.sum", label: "load.deep.sum", kind: "task", role: "work" },
    { id: "route", label: "route ◇", kind: "branch", role: "work" },
  ],
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
    [0, 3],
  ],
  groups: [
    { id: "load", tasks: ["load.rows", "load.deep.sum"] },
    { id: "load.deep", tasks: ["load.deep.sum"] },
  ],
};

describe("drawings as text", () => {
  it("mermaid has groups inside groups", () => {
    expect(mermaidOf(picture)).toBe(`flowchart LR
  t0["extract"]
  t3{"route ◇"}
  subgraph g0["load"]
    t1[["load.rows[*]"]]
    subgraph g1["load.deep"]
      t2["load.deep.sum"]
    end
  end
  t0 --> t1
  t1 --> t2
  t2 --> t3
  t0 --> t3
`);
  });

  it("dot names nodes by their ids", () => {
    const dot = dotOf(picture);
    expect(dot).toContain(`"extract" -> "load.rows";`);
    expect(dot).toContain(`subgraph "cluster_load.deep" { label="load.deep";`);
    expect(dot.match(/\{/g)?.length).toBe(dot.match(/\}/g)?.length);
  });

  it("the outline lists layers and what each task follows", () => {
    expect(outlineLines(picture, styleOf(false))).toEqual([
      "1  extract",
      "2  load.rows[*]  ◀ extract",
      "3  load.deep.sum  ◀ load.rows",
      "4  route ◇  ◀ load.deep.sum, extract",
    ]);
  });
});

describe("svgOf", () => {
  const svg = svgOf(picture);

  it("is one well-formed document with every task and edge", () => {
    expect(svg.match(/class="box"/g)).toHaveLength(4);
    expect(svg.match(/class="edge"/g)).toHaveLength(4);
    expect(svg.match(/class="group"/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const open = [...svg.matchAll(/<([a-z]+)[^>/]*(?<!\/)>/g)].length;
    const close = [...svg.matchAll(/<\/[a-z]+>/g)].length;
    const alone = [...svg.matchAll(/<[a-z]+[^>]*\/>/g)].length;
    expect(open + alone).toBeGreaterThanOrEqual(close);
  });

  it("fetches nothing, runs nothing and shows no text as markup", () => {
    const evil = svgOf({
      ...picture,
      id: "<script>alert(1)</script>",
      nodes: [{ id: `"><image href="http://x/">`, label: "x", kind: "task", role: "work" }],
      edges: [],
      groups: [],
    });
    expect(evil).not.toMatch(/<script|<image|<foreignObject|xlink/);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|@import|url\((?!#)/);
  });
});
