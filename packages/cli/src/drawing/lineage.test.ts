import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { dotOfLineage, lineageOf, mermaidOfLineage } from "./lineage.ts";

const run = { runNo: 7, runId: "r7", dagId: "sales" };
const read = (sourceTaskId: string, taskId: string, more: object = {}) => ({
  taskInstanceNo: 1,
  taskId,
  mapIndex: -1,
  sourceNo: 2,
  sourceRunNo: 7,
  sourceRunId: "r7",
  sourceTaskId,
  sourceMapIndex: -1,
  key: "return_value",
  sizeBytes: 1_000,
  ...more,
});
const lineage = lineageOf(
  run,
  [{ taskId: "extract" }, { taskId: "alone" }],
  [
    read("extract", "square", { mapIndex: 0 }),
    read("extract", "square", { mapIndex: 1 }),
    read("square", "sum", { key: 'odd "key" <b>#1' }),
    read("total", "sum", { sourceRunNo: 6, sourceRunId: "r6" }),
  ],
);
const graphviz = "dot";
const hasDot = spawnSync(graphviz, ["-V"]).status === 0;

describe("the lineage of a run", () => {
  it("joins the elements of a mapped task, and tells other runs apart", () => {
    expect(lineage.nodes).toEqual([
      { name: "extract", isForeign: false },
      { name: "alone", isForeign: false },
      { name: "square", isForeign: false },
      { name: "sum", isForeign: false },
      { name: "r6 total", isForeign: true },
    ]);
    expect(lineage.edges).toEqual([
      { from: 0, to: 2, key: "return_value", reads: 2, sizeBytes: 2_000 },
      { from: 2, to: 3, key: 'odd "key" <b>#1', reads: 1, sizeBytes: 1_000 },
      { from: 4, to: 3, key: "return_value", reads: 1, sizeBytes: 1_000 },
    ]);
  });

  it("as Mermaid has one line per node and edge, and no text is markup", () => {
    const lines = mermaidOfLineage(lineage).trim().split("\n");
    expect(lines[0]).toBe("flowchart LR");
    const node = /^ {2}n\d+(?:\["[^"<>]*"\]|\(\["[^"<>]*"\]\))$/;
    const edge = /^ {2}n\d+ -->\|"[^"<>]*"\| n\d+$/;
    expect(lines.slice(1, 6).every((line) => node.test(line))).toBe(true);
    expect(lines.slice(6).every((line) => edge.test(line))).toBe(true);
    expect(lines).toHaveLength(9);
    expect(lines[7]).toBe('  n2 -->|"odd #quot;key#quot; #lt;b#gt;#35;1, 1.0 kB"| n3');
  });

  it("as DOT quotes every text", () => {
    expect(dotOfLineage(lineage)).toContain('n2 -> n3 [label="odd \\"key\\" <b>#1, 1.0 kB"];');
  });

  it.skipIf(!hasDot)("as DOT is drawn by Graphviz (where it is installed)", () => {
    const drawn = spawnSync(graphviz, ["-Tsvg"], { input: dotOfLineage(lineage), encoding: "utf8" });
    expect([drawn.status, drawn.stdout.match(/class="edge"/g)?.length]).toEqual([0, 3]);
  });
});
