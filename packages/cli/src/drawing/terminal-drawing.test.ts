import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { styleOf } from "../terminal/style.ts";
import type { DagPicture } from "./dag-picture.ts";
import { drawForTerminal } from "./terminal-drawing.ts";
import { gridOf } from "./terminal-rows.ts";
import { assignTracks } from "./terminal-tracks.ts";

const plain = styleOf(false);

function picture(edges: readonly (readonly [string, string])[], more: readonly string[] = []): DagPicture {
  const ids = [...new Set([...edges.flat(), ...more])];
  return {
    id: "test",
    groups: [],
    nodes: ids.map((id) => ({ id, label: id, kind: "task", role: "work" })),
    edges: edges.map(([from, to]) => [ids.indexOf(from), ids.indexOf(to)]),
  };
}

const draw = (given: DagPicture, columns = 200): string => `\n${drawForTerminal(given, plain, columns)?.join("\n")}\n`;

describe("drawForTerminal", () => {
  it("draws a chain straight", () => {
    expect(
      draw(
        picture([
          ["extract", "clean"],
          ["clean", "report"],
        ]),
      ),
    ).toBe(`
┌─────────┐   ┌───────┐   ┌────────┐
│ extract │──▶│ clean │──▶│ report │
└─────────┘   └───────┘   └────────┘
`);
  });

  it("fans out and in by one line each", () => {
    expect(
      draw(
        picture([
          ["start", "a"],
          ["start", "b"],
          ["start", "c"],
          ["a", "end"],
          ["b", "end"],
          ["c", "end"],
        ]),
      ),
    ).toBe(`
             ┌───┐
          ╭─▶│ a │─╮
          │  └───┘ │
┌───────┐ │  ┌───┐ │  ┌─────┐
│ start │─┼─▶│ b │─┼─▶│ end │
└───────┘ │  └───┘ │  └─────┘
          │  ┌───┐ │
          ╰─▶│ c │─╯
             └───┘
`);
  });

  it("leads an edge past the layers between", () => {
    expect(
      draw(
        picture([
          ["a", "b"],
          ["b", "c"],
          ["a", "c"],
        ]),
      ),
    ).toBe(`
┌───┐ ╭────────╮  ┌───┐
│ a │─┤  ┌───┐ ├─▶│ c │
└───┘ ╰─▶│ b │─╯  └───┘
         └───┘
`);
  });

  it("draws a single task, and nothing for none", () => {
    expect(draw(picture([], ["only"]))).toContain("│ only │");
    expect(drawForTerminal(picture([]), plain, 80)).toBeUndefined();
  });

  it("gives up where there is too little room or too much to draw", () => {
    expect(drawForTerminal(picture([["a-long-name", "another-long-name"]]), plain, 20)).toBeUndefined();
    const many = Array.from({ length: 100 }, (_, at) => `t${at}`);
    expect(drawForTerminal(picture([], many), plain, 200)).toBeUndefined();
  });

  it("draws every task of any DAG once, in boxes that do not overlap", () => {
    let drawn = 0;
    const dags = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 }).map((pairs) =>
      picture(
        pairs.filter(([a, b]) => a < b).map(([a, b]) => [`n${a}`, `n${b}`] as const),
        Array.from({ length: 12 }, (_, at) => `n${at}`),
      ),
    );
    fc.assert(
      fc.property(dags, (given) => {
        const lines = drawForTerminal(given, plain, 10_000);
        // Rather a list than lines that could be read in two ways.
        if (lines === undefined) return;
        drawn++;
        const text = lines.join("\n");
        for (const { label } of given.nodes) expect(text.split(`│ ${label} `).length - 1, label).toBe(1);
        expect(text.match(/┌/g)?.length).toBe(given.nodes.length);
        given.nodes.forEach(({ label }, number) => {
          const isLedTo = given.edges.some(([, to]) => to === number);
          expect(text.includes(`▶│ ${label} `), label).toBe(isLedTo);
        });
        expect(text.match(/└─+┘/g)?.length).toBe(given.nodes.length);
      }),
      { numRuns: 300 },
    );
    expect(drawn).toBeGreaterThan(250);
  });

  it("finds tracks on which no line runs along a foreign one, for nearly every DAG", () => {
    const grid = gridOf(
      picture([
        ["a", "x"],
        ["a", "y"],
        ["b", "y"],
        ["b", "z"],
        ["c", "z"],
        ["c", "x"],
      ]),
    );
    const nets = assignTracks(grid.links[0]);
    expect(nets === undefined || nets.every((net) => net.track >= 0 || net.top === net.bottom)).toBe(true);
  });
});
