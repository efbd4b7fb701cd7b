import type { RunRow, XComReadRow, XComRow } from "@millrace/core/plugin";
import { sizeText } from "../terminal/show-size.ts";
import { dotText, mermaidText } from "./text-formats.ts";

/** Which tasks of a run took which values of which tasks. Elements of a mapped task are one. */
export interface Lineage {
  readonly id: string;
  /** Tasks that left or took a value; those of other runs have the run's id before theirs. */
  readonly nodes: readonly { readonly name: string; readonly isForeign: boolean }[];
  /** By places in `nodes`. */
  readonly edges: readonly LineageEdge[];
}

export interface LineageEdge {
  readonly from: number;
  readonly to: number;
  readonly key: string;
  /** How often it was read, by whichever elements, and how much that was in all. */
  readonly reads: number;
  readonly sizeBytes: number;
}

export function lineageOf(
  run: Pick<RunRow, "runNo" | "runId" | "dagId">,
  xcoms: readonly Pick<XComRow, "taskId">[],
  reads: readonly XComReadRow[],
): Lineage {
  const places = new Map<string, number>();
  const nodes: { readonly name: string; readonly isForeign: boolean }[] = [];
  const placeOf = (name: string, isForeign: boolean): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, nodes.length);
    return nodes.push({ name, isForeign }) - 1;
  };
  for (const { taskId } of xcoms) placeOf(taskId, false);
  const edges = new Map<string, LineageEdge>();
  for (const read of reads) {
    const isForeign = read.sourceRunNo !== run.runNo;
    const from = placeOf(isForeign ? `${read.sourceRunId} ${read.sourceTaskId}` : read.sourceTaskId, isForeign);
    const to = placeOf(read.taskId, false);
    const id = JSON.stringify([from, to, read.key]);
    const { reads: count, sizeBytes } = edges.get(id) ?? { reads: 0, sizeBytes: 0 };
    edges.set(id, { from, to, key: read.key, reads: count + 1, sizeBytes: sizeBytes + read.sizeBytes });
  }
  return { id: `${run.dagId} ${run.runId}`, nodes, edges: [...edges.values()] };
}

export function mermaidOfLineage({ nodes, edges }: Lineage): string {
  const lines = nodes.map(({ name, isForeign }, at) =>
    isForeign ? `  n${at}([${mermaidText(name)}])` : `  n${at}[${mermaidText(name)}]`,
  );
  for (const edge of edges) lines.push(`  n${edge.from} -->|${mermaidText(edgeText(edge))}| n${edge.to}`);
  return `${["flowchart LR", ...lines].join("\n")}\n`;
}

export function dotOfLineage({ id, nodes, edges }: Lineage): string {
  const lines = nodes.map(
    ({ name, isForeign }, at) => `  n${at} [label=${dotText(name)}${isForeign ? ", style=dashed" : ""}];`,
  );
  for (const edge of edges) lines.push(`  n${edge.from} -> n${edge.to} [label=${dotText(edgeText(edge))}];`);
  return `${[`digraph ${dotText(id)} {`, "  rankdir=LR;", "  node [shape=box];", ...lines, "}"].join("\n")}\n`;
}

function edgeText({ key, reads, sizeBytes }: LineageEdge): string {
  return `${key}${reads > 1 ? ` × ${reads}` : ""}, ${sizeText(sizeBytes)}`;
}
