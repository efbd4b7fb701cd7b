import type { DagPicture } from "./dag-picture.ts";
import { layOut } from "./dagre-layout.ts";

/** Something in a column: a task's box, or the place where a long edge passes. */
export interface Item {
  /** Number of the task; `undefined` where an edge passes. */
  readonly node: number | undefined;
  row: number;
}

/** An edge from an item of one column to an item of the next. */
export interface Link {
  readonly from: Item;
  readonly to: Item;
}

export interface Grid {
  /** Items of each column, from top to bottom. */
  readonly columns: readonly (readonly Item[])[];
  /** Between each column and the next. */
  readonly links: readonly (readonly Link[])[];
}

const boxHeight = 3;

/** Puts tasks into columns and rows of a terminal. Boxes of a column never overlap; chains run straight where they can. */
export function gridOf(picture: DagPicture): Grid {
  const layout = layOut(picture, { size: () => [10, boxHeight], layerGap: 10, nodeGap: 0, edgeGap: 1 });
  const depth = layout.nodes.reduce((most, { layer }) => Math.max(most, layer + 1), 0);
  const columns: (Item & { readonly y: number })[][] = Array.from({ length: depth }, () => []);
  const columnX = Array.from(
    { length: depth },
    (_, layer) => layout.nodes.find((node) => node.layer === layer)?.x ?? 0,
  );
  const links: Link[][] = Array.from({ length: Math.max(0, depth - 1) }, () => []);

  const boxes = layout.nodes.map((place, node) => {
    const item = { node, row: 0, y: place.y };
    columns[place.layer].push(item);
    return item;
  });
  picture.edges.forEach(([from, to], edge) => {
    let before: Item = boxes[from];
    for (let layer = layout.nodes[from].layer + 1; layer < layout.nodes[to].layer; layer++) {
      const passing = { node: undefined, row: 0, y: heightAt(layout.edges[edge], columnX[layer]) };
      columns[layer].push(passing);
      links[layer - 1].push({ from: before, to: passing });
      before = passing;
    }
    links[layout.nodes[to].layer - 1].push({ from: before, to: boxes[to] });
  });
  for (const column of columns) column.sort((a, b) => a.y - b.y);
  settleRows(columns, links);
  return { columns, links };
}

function heightAt(points: readonly { readonly x: number; readonly y: number }[], x: number): number {
  for (let at = 1; at < points.length; at++) {
    const [left, right] = [points[at - 1], points[at]];
    if (x < left.x || x > right.x || right.x === left.x) continue;
    return left.y + ((right.y - left.y) * (x - left.x)) / (right.x - left.x);
  }
  return points[0]?.y ?? 0;
}

/** Rows such that neighbours stand near each other's height: a few sweeps to the right and back. */
function settleRows(
  columns: readonly (readonly (Item & { readonly y: number })[])[],
  links: readonly (readonly Link[])[],
): void {
  for (const column of columns)
    place(
      column,
      column.map(({ y }) => y),
    );
  const sweep = (from: number, to: number, step: 1 | -1): void => {
    for (let at = from; at !== to; at += step) {
      const near = links[step > 0 ? at - 1 : at] ?? [];
      place(
        columns[at],
        columns[at].map((item) => {
          const rows = near.flatMap((link) =>
            step > 0 ? (link.to === item ? [link.from.row] : []) : link.from === item ? [link.to.row] : [],
          );
          return rows.length === 0 ? item.row : median(rows);
        }),
      );
    }
  };
  const last = columns.length - 1;
  sweep(1, columns.length, 1);
  sweep(last - 1, -1, -1);
  sweep(1, columns.length, 1);
  const top = columns
    .flat()
    .reduce((least, { row, node }) => Math.min(least, row - (node === undefined ? 0 : 1)), Number.POSITIVE_INFINITY);
  for (const item of columns.flat()) item.row -= top;
}

function median(rows: readonly number[]): number {
  const sorted = rows.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Gives each item of a column, in their order, a row as near as possible to the one it wants (least squares, by pooling
 * neighbours that want too little distance).
 */
function place(column: readonly Item[], wanted: readonly number[]): void {
  const offsets: number[] = [];
  column.forEach((item, at) => {
    offsets.push(at === 0 ? 0 : offsets[at - 1] + distance(column[at - 1], item));
  });
  const pools: { sum: number; count: number }[] = [];
  column.forEach((_, at) => {
    pools.push({ sum: wanted[at] - offsets[at], count: 1 });
    while (pools.length > 1) {
      const [before, after] = [pools[pools.length - 2], pools[pools.length - 1]];
      if (before.sum / before.count <= after.sum / after.count) break;
      pools.splice(-2, 2, { sum: before.sum + after.sum, count: before.count + after.count });
    }
  });
  let at = 0;
  for (const { sum, count } of pools)
    for (let n = 0; n < count; n++, at++) column[at].row = Math.round(sum / count) + offsets[at];
}

/** Least distance between the rows of two items, one above the other. */
function distance(above: Item, below: Item): number {
  if (above.node !== undefined && below.node !== undefined) return boxHeight;
  return above.node === undefined && below.node === undefined ? 1 : 2;
}
