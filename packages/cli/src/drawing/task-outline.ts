import type { Style } from "../terminal/style.ts";
import type { DagPicture } from "./dag-picture.ts";

/** A DAG as a list: a line per task, layer by layer, with what it follows. For DAGs too large to draw. */
export function outlineLines(picture: DagPicture, style: Style): string[] {
  const upstream: number[][] = picture.nodes.map(() => []);
  for (const [from, to] of picture.edges) upstream[to].push(from);
  const layers = layersOf(upstream);
  const digits = String(Math.max(0, ...layers) + 1).length;
  const order = picture.nodes.map((_, number) => number).sort((a, b) => layers[a] - layers[b] || a - b);
  return order.map((number, at) => {
    const isFirst = at === 0 || layers[order[at - 1]] !== layers[number];
    const layer = style.dim((isFirst ? String(layers[number] + 1) : "").padStart(digits));
    const after = upstream[number].map((each) => picture.nodes[each].id).join(", ");
    return `${layer}  ${style.bold(picture.nodes[number].label)}${after === "" ? "" : `  ${style.accent("◀")} ${after}`}`;
  });
}

/** Length of the longest way to each node. */
function layersOf(upstream: readonly (readonly number[])[]): number[] {
  const layers = new Array<number>(upstream.length).fill(-1);
  const settle = (start: number): void => {
    const open = [start];
    while (open.length > 0) {
      const number = open[open.length - 1];
      const missing = upstream[number].filter((each) => layers[each] < 0);
      if (missing.length > 0) open.push(...missing);
      else {
        layers[number] = upstream[number].reduce((most, each) => Math.max(most, layers[each] + 1), 0);
        open.pop();
      }
    }
  };
  for (let number = 0; number < upstream.length; number++) settle(number);
  return layers;
}
