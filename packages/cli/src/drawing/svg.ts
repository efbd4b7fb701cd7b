import type { DagPicture, PictureNode } from "./dag-picture.ts";
import { type LaidOutNode, layOut } from "./dagre-layout.ts";

const margin = 24;
const boxHeight = 40;
const characterWidth = 7.6;
const groupPadding = 14;
const groupTitle = 16;

/** Colours of the strip at a box's left side, by what the task is. */
const stripColours: Partial<Record<PictureNode["kind"] | PictureNode["role"], string>> = {
  branch: "#c26a00",
  short_circuit: "#c26a00",
  map: "#7a4fd0",
  trigger: "#0b7f8f",
  shell: "#5b6472",
  empty: "#9aa3af",
  setup: "#2f8f4e",
  teardown: "#2f8f4e",
};
const workColour = "#2563c9";

/** Light and dark, following whoever shows it. Nothing is fetched from anywhere. */
const css = `
.canvas{fill:#fff}.box{fill:#fff;stroke:#c9d1dc}.label{fill:#1c2430;font:600 13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.kind{fill:#66707f;font:11px system-ui,-apple-system,"Segoe UI",sans-serif}.edge{fill:none;stroke:#8b96a5;stroke-width:1.6}.head{fill:#8b96a5}
.group{fill:#f4f6f9;stroke:#d9dfe7;stroke-dasharray:4 3}.title{fill:#66707f;font:600 11px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){.canvas{fill:#12161c}.box{fill:#1b212a;stroke:#3a4452}.label{fill:#e6ebf2}.kind,.title{fill:#9aa6b5}.edge{stroke:#6f7b8b}.head{fill:#6f7b8b}.group{fill:#171c24;stroke:#303947}}`;

/** The DAG as a picture of its own: one SVG document without scripts, fonts or links. */
export function svgOf(picture: DagPicture): string {
  const layout = layOut(picture, {
    size: (number) => [Math.max(72, textWidth(picture.nodes[number].id) + 34), boxHeight],
    layerGap: 56,
    nodeGap: picture.groups.length > 0 ? 34 : 20,
    edgeGap: 14,
  });
  const frames = picture.groups
    .map((group) => frameOf(group.tasks, picture, layout.nodes))
    .filter((frame) => frame !== undefined);
  const top = Math.min(0, ...frames.map(({ y }) => y)) - margin;
  const left = Math.min(0, ...frames.map(({ x }) => x)) - margin;
  const right = Math.max(layout.width, ...frames.map(({ x, width }) => x + width)) + margin;
  const bottom = Math.max(layout.height, ...frames.map(({ y, height }) => y + height)) + margin;
  const [width, height] = [Math.ceil(right - left), Math.ceil(bottom - top)];

  const groups = frames.map(
    ({ id, x, y, width, height }) =>
      `<rect class="group" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="10"/><text class="title" x="${round(x + 10)}" y="${round(y + 15)}">${escaped(id)}</text>`,
  );
  const edges = picture.edges.map(([from, to], number) => {
    const points = wayOf(layout.edges[number], layout.nodes[from], layout.nodes[to]);
    return `<path class="edge" d="${curve(points)}" marker-end="url(#arrow)"/>`;
  });
  const nodes = picture.nodes.map((node, number) => box(node, layout.nodes[number]));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${round(left)} ${round(top)} ${width} ${height}" role="img" aria-label="DAG ${escaped(picture.id)}">
<title>${escaped(picture.id)}</title>
<style>${css}</style>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/></marker></defs>
<rect class="canvas" x="${round(left)}" y="${round(top)}" width="${width}" height="${height}"/>
${[...groups, ...edges, ...nodes].join("\n")}
</svg>
`;
}

function box(node: PictureNode, { x, y, width, height }: LaidOutNode): string {
  const colour = stripColours[node.role] ?? stripColours[node.kind] ?? workColour;
  const [left, top] = [x - width / 2, y - height / 2];
  const kind = node.role === "work" ? node.kind : node.role;
  const isPlain = kind === "task" || kind === "operator";
  const says = isPlain
    ? ""
    : `<text class="kind" x="${round(left + 18)}" y="${round(y + 13)}">${escaped(kind.replaceAll("_", " "))}</text>`;
  return `<g><title>${escaped(node.id)}</title><rect class="box" x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${height}" rx="8"/><rect x="${round(left)}" y="${round(top + 8)}" width="4" height="${height - 16}" rx="2" fill="${colour}"/><text class="label" x="${round(left + 18)}" y="${round(isPlain ? y + 4.5 : y - 2)}">${escaped(node.id)}</text>${says}</g>`;
}

interface Frame {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function frameOf(tasks: readonly string[], picture: DagPicture, places: readonly LaidOutNode[]): Frame | undefined {
  const inside = picture.nodes.flatMap((node, number) => (tasks.includes(node.id) ? [places[number]] : []));
  const id = picture.groups.find((group) => group.tasks === tasks)?.id;
  if (inside.length === 0 || id === undefined) return undefined;
  const left = Math.min(...inside.map(({ x, width }) => x - width / 2)) - groupPadding;
  const right = Math.max(...inside.map(({ x, width }) => x + width / 2)) + groupPadding;
  const top = Math.min(...inside.map(({ y, height }) => y - height / 2)) - groupPadding - groupTitle;
  const bottom = Math.max(...inside.map(({ y, height }) => y + height / 2)) + groupPadding;
  return { id, x: left, y: top, width: right - left, height: bottom - top };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From the middle of the right side of a box to the middle of the left side of the other, past what lies between. */
function wayOf(points: readonly Point[], from: LaidOutNode, to: LaidOutNode): readonly Point[] {
  const between = points.slice(1, -1);
  return [
    { x: from.x + from.width / 2, y: from.y },
    ...(between.length > 1 ? between : []),
    { x: to.x - to.width / 2, y: to.y },
  ];
}

/** A smooth line through the points: leaves and arrives level. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${round(first.x)} ${round(first.y)}`;
  let before = first;
  for (const point of rest) {
    const middle = round((before.x + point.x) / 2);
    path += `C${middle} ${round(before.y)} ${middle} ${round(point.y)} ${round(point.x)} ${round(point.y)}`;
    before = point;
  }
  return path;
}

function textWidth(text: string): number {
  return text.length * characterWidth;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
