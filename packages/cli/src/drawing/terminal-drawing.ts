import width from "fast-string-width";
import type { Style } from "../terminal/style.ts";
import type { DagPicture } from "./dag-picture.ts";
import { Canvas } from "./line-canvas.ts";
import { type Grid, gridOf, type Item } from "./terminal-rows.ts";
import { assignTracks, type Net } from "./terminal-tracks.ts";

const mostNodes = 80;
const mostRows = 200;

/** Draws a DAG with boxes and arrows, from left to right; `undefined` if that takes more room than there is, or could be misread. */
export function drawForTerminal(picture: DagPicture, style: Style, terminalColumns: number): string[] | undefined {
  if (picture.nodes.length === 0 || picture.nodes.length > mostNodes) return undefined;
  const grid = gridOf(picture);
  const nets: (readonly Net[])[] = [];
  for (let at = 0; at < grid.links.length; at++) {
    const tracks = tracksOf(grid, at);
    if (tracks === undefined) return undefined;
    nets.push(tracks);
  }
  const labelWidths = grid.columns.map((column) =>
    column.reduce((most, { node }) => Math.max(most, node === undefined ? 0 : width(picture.nodes[node].label)), 1),
  );
  const starts: number[] = [];
  let x = 0;
  grid.columns.forEach((_, at) => {
    starts.push(x);
    const tracks = (nets[at] ?? []).reduce((most, { track }) => Math.max(most, track + 1), 0);
    x += labelWidths[at] + 4 + (at < nets.length ? 3 + Math.max(0, tracks * 2 - 1) : 0);
  });
  const rows = grid.columns.flat().reduce((most, { row }) => Math.max(most, row + 2), 0);
  if (x > terminalColumns || rows > mostRows) return undefined;

  const canvas = new Canvas(x, rows);
  grid.columns.forEach((column, at) => {
    const right = starts[at] + labelWidths[at] + 3;
    for (const item of column) {
      if (item.node === undefined) canvas.across(item.row, starts[at], right, netNumber(nets, at, item));
      else canvas.box(starts[at], item.row, picture.nodes[item.node].label, labelWidths[at]);
    }
    if (at < nets.length) drawNets(canvas, nets[at], right, starts[at + 1], at);
  });
  return canvas.lines(style);
}

/** Tracks between a column and the next. Where no order of them is free of doubt, the columns behind move down. */
function tracksOf(grid: Grid, at: number): readonly Net[] | undefined {
  for (const shift of [0, 2, -1, 2, 2, 2]) {
    for (const column of grid.columns.slice(at + 1)) for (const item of column) item.row += shift;
    const nets = assignTracks(grid.links[at]);
    if (nets) return nets;
  }
  return undefined;
}

function drawNets(canvas: Canvas, nets: readonly Net[], left: number, right: number, at: number): void {
  nets.forEach((net, number) => {
    const id = at * 100_000 + number;
    const x = net.track < 0 ? left + 1 : left + 2 + net.track * 2;
    for (const source of net.sources) canvas.across(source.row, left + 1, x, id);
    if (net.track >= 0) canvas.down(x, net.top, net.bottom, id);
    for (const target of net.targets) lead(canvas, target, x, right, id);
  });
  // Where a line comes into another's from above or below, an arrowhead tells which way it goes.
  for (const net of nets) {
    if (net.track < 0) continue;
    const x = left + 2 + net.track * 2;
    for (const { row } of net.targets) {
      if (!nets.some((other) => other.track < net.track && other.targets.some((target) => target.row === row)))
        continue;
      if (net.sources.some((source) => row - source.row > 1)) canvas.head(x, row - 1, "▼");
      if (net.sources.some((source) => source.row - row > 1)) canvas.head(x, row + 1, "▲");
    }
  }
}

function lead(canvas: Canvas, target: Item, from: number, right: number, id: number): void {
  if (target.node === undefined) {
    canvas.across(target.row, from, right, id);
    return;
  }
  canvas.across(target.row, from, right - 1, id);
  canvas.head(right - 1, target.row, "▶");
}

/** A passing edge keeps the number of the net that brought it. */
function netNumber(nets: readonly (readonly Net[])[], at: number, item: Item): number {
  return (at - 1) * 100_000 + (nets[at - 1] ?? []).findIndex((net) => net.targets.includes(item));
}
