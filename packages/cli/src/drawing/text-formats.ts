import { safeLine } from "../terminal/safe-text.ts";
import type { DagPicture, PictureNode } from "./dag-picture.ts";

/** The DAG as a Mermaid flowchart: for Markdown files and pull requests. */
export function mermaidOf(picture: DagPicture): string {
  const lines = ["flowchart LR"];
  const shapes: Partial<Record<PictureNode["kind"], readonly [open: string, close: string]>> = {
    branch: ["{", "}"],
    short_circuit: ["{", "}"],
    map: ["[[", "]]"],
    trigger: ["([", "])"],
    empty: ["(", ")"],
  };
  const nodeLine = (number: number): string => {
    const { label, kind } = picture.nodes[number];
    const [open, close] = shapes[kind] ?? ["[", "]"];
    return `${nodeName(number)}${open}${mermaidText(label)}${close}`;
  };
  lines.push(
    ...grouped(picture, nodeLine, (group) => [`subgraph ${groupName(group)}["${picture.groups[group].id}"]`, "end"]),
  );
  for (const [from, to] of picture.edges) lines.push(`  ${nodeName(from)} --> ${nodeName(to)}`);
  return `${lines.join("\n")}\n`;
}

/** The DAG in Graphviz's language. */
export function dotOf(picture: DagPicture): string {
  const shapes: Partial<Record<PictureNode["kind"], string>> = {
    branch: "diamond",
    short_circuit: "diamond",
    map: "box3d",
    empty: "ellipse",
  };
  const lines = [
    `digraph ${dotText(picture.id)} {`,
    "  rankdir=LR;",
    '  node [shape=box, style=rounded, fontname="Helvetica"];',
  ];
  const nodeLine = (number: number): string => {
    const { id, label, kind } = picture.nodes[number];
    const shape = shapes[kind];
    return `${dotText(id)} [label=${dotText(label)}${shape === undefined ? "" : `, shape=${shape}, style=""`}];`;
  };
  lines.push(
    ...grouped(picture, nodeLine, (group) => [
      `subgraph ${dotText(`cluster_${picture.groups[group].id}`)} { label=${dotText(picture.groups[group].id)};`,
      "}",
    ]),
  );
  for (const [from, to] of picture.edges)
    lines.push(`  ${dotText(picture.nodes[from].id)} -> ${dotText(picture.nodes[to].id)};`);
  return `${[...lines, "}"].join("\n")}\n`;
}

/** Lines of all nodes, those of a group inside it, groups inside groups. */
function grouped(
  picture: DagPicture,
  nodeLine: (number: number) => string,
  frame: (group: number) => readonly [open: string, close: string],
): string[] {
  const groupOf = (id: string): number | undefined => {
    const cut = id.lastIndexOf(".");
    const at = cut < 0 ? -1 : picture.groups.findIndex((group) => group.id === id.slice(0, cut));
    return at < 0 ? undefined : at;
  };
  const inside = (parent: number | undefined, indent: string): string[] => [
    ...picture.nodes.flatMap((node, number) => (groupOf(node.id) === parent ? [`${indent}${nodeLine(number)}`] : [])),
    ...picture.groups.flatMap((group, number) => {
      if (groupOf(group.id) !== parent) return [];
      const [open, close] = frame(number);
      return [`${indent}${open}`, ...inside(number, `${indent}  `), `${indent}${close}`];
    }),
  ];
  return inside(undefined, "  ");
}

function nodeName(number: number): string {
  return `t${number}`;
}

function groupName(number: number): string {
  return `g${number}`;
}

/** Text in quotes, as Mermaid takes it: nothing of it is markup. */
export function mermaidText(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
  };
  return `"${safeLine(text).replace(/[#"<>`]/g, (sign) => entities[sign])}"`;
}

/** Text in quotes, as Graphviz takes it. */
export function dotText(text: string): string {
  return `"${safeLine(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
