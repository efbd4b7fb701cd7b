import dagre from "@dagrejs/dagre";
import type { DagPicture } from "./dag-picture.ts";

export interface LayoutSizes {
  /** Width and height of each node. */
  readonly size: (node: number) => readonly [width: number, height: number];
  /** Between layers. */
  readonly layerGap: number;
  /** Between nodes of a layer. */
  readonly nodeGap: number;
  readonly edgeGap: number;
}

export interface LaidOutNode {
  /** Middle of the node. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly layer: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly LaidOutNode[];
  /** In the order of the picture's edges: the points that an edge runs through. */
  readonly edges: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

/** Places nodes in layers from left to right, with few crossings. */
export function layOut(picture: DagPicture, sizes: LayoutSizes): Layout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: sizes.layerGap, nodesep: sizes.nodeGap, edgesep: sizes.edgeGap });
  graph.setDefaultEdgeLabel(() => ({}));
  picture.nodes.forEach((_, number) => {
    const [width, height] = sizes.size(number);
    graph.setNode(String(number), { width, height });
  });
  for (const [from, to] of picture.edges) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  const nodes = picture.nodes.map((_, number) => {
    const { x, y, width, height, rank } = graph.node(String(number)) as unknown as LaidOutNode & {
      readonly rank: number;
    };
    return { x, y, width, height, layer: rank };
  });
  // Only every second rank holds nodes, or none of the odd ones does: numbered anew without gaps.
  const layers = [...new Set(nodes.map(({ layer }) => layer))].sort((a, b) => a - b);
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const turn = isUpsideDown(nodes) ? (y: number): number => height - y : (y: number): number => y;
  return {
    width,
    height,
    nodes: nodes.map((node) => ({ ...node, y: turn(node.y), layer: layers.indexOf(node.layer) })),
    edges: picture.edges.map(([from, to]) => {
      const { points = [] } = graph.edge(String(from), String(to)) as { readonly points?: { x: number; y: number }[] };
      return points.map(({ x, y }) => ({ x, y: turn(y) }));
    }),
  };
}

/** True when tasks that are defined first stand lower more often than higher: the mirrored picture reads better. */
function isUpsideDown(nodes: readonly { readonly layer: number; readonly y: number }[]): boolean {
  let score = 0;
  nodes.forEach((a, number) => {
    for (const b of nodes.slice(number + 1)) if (a.layer === b.layer) score += Math.sign(b.y - a.y);
  });
  return score < 0;
}
