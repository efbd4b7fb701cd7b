import { scaleLinear, scaleUtc } from "d3-scale";
import { area, line } from "d3-shape";
import {
  type Axis,
  baseAxis,
  chartFrame,
  html,
  label,
  type Plot,
  path,
  px,
  type SafeHtml,
  valueAxis,
} from "example-report-kit";
import type { ChartSeries } from "../../risk/analyze-market.ts";
import type { Drawdown } from "../../risk/drawdown.ts";
import { percent, whole } from "../number-format.ts";

const size = { width: 1080, height: 460 };
const upper: Plot = { left: 64, right: 1022, top: 16, bottom: 288 };
const lower: Plot = { left: 64, right: 1022, top: 330, bottom: 428 };

/** The index, and below it how far it lay under its last peak. */
export function priceChart(points: ChartSeries["price"], worst: Drawdown): SafeHtml {
  const dates = points.map(({ date }) => new Date(date));
  const x = scaleUtc([dates[0], dates[dates.length - 1]], [upper.left, upper.right]);
  const y = scaleLinear([0, Math.max(...points.map(({ price }) => price))], [upper.bottom, upper.top]).nice();
  const depth = scaleLinear([Math.min(...points.map(({ drawdown }) => drawdown)), 0], [lower.bottom, lower.top]).nice();
  const along = (_: unknown, i: number): number => px(x(dates[i]));

  const price = line<(typeof points)[number]>(along, (point) => px(y(point.price)));
  const below = area<(typeof points)[number]>(along, depth(0), (point) => px(depth(point.drawdown)));
  const shade = area<(typeof points)[number]>(along, upper.bottom, (point) => px(y(point.price)));
  const years: Axis[] = x.ticks(10).map((date) => ({ at: x(date), label: String(date.getUTCFullYear()) }));
  const trough = points.findIndex(({ date }) => date === worst.trough_date);
  const fall = { from: x(new Date(worst.peak_date)), to: x(new Date(worst.trough_date)) };
  const last = points[points.length - 1];

  return chartFrame(
    "price",
    size,
    "S&P 500, daily close, with drawdown",
    `The index from ${points[0].date} (${whole(points[0].price)}) to ${last.date} (${whole(last.price)}). The deepest fall was ${percent(worst.depth)}, from ${worst.peak_date} to ${worst.trough_date}.`,
    [
      html`<rect class="period" x="${px(fall.from)}" y="${upper.top}" width="${px(Math.max(0, fall.to - fall.from))}" height="${lower.bottom - upper.top}"/>`,
      valueAxis(
        upper,
        y.ticks(6).map((tick) => ({ at: y(tick), label: whole(tick) })),
      ),
      path("fill-accent", shade([...points])),
      path("line-accent", price([...points])),
      html`<circle class="dot-accent" cx="${px(x(dates[dates.length - 1]))}" cy="${px(y(last.price))}" r="3.5"/>`,
      label({ x: upper.right + 8, y: y(last.price) + 4 }, whole(last.price), { className: "value" }),
      label({ x: lower.left, y: lower.top - 12 }, "Below the last peak"),
      valueAxis(
        lower,
        depth.ticks(3).map((tick) => ({ at: depth(tick), label: percent(tick, 0) })),
      ),
      path("fill-danger", below([...points])),
      trough >= 0 &&
        label({ x: fall.to + 8, y: depth(-worst.depth) - 2 }, percent(-worst.depth), { className: "value danger" }),
      baseAxis(lower, years),
    ],
  );
}
