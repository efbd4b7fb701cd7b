import { scaleLinear, scaleUtc } from "d3-scale";
import { area, line } from "d3-shape";
import { baseAxis, chartFrame, html, label, type Plot, path, px, type SafeHtml, valueAxis } from "example-report-kit";
import type { ChartSeries } from "../../risk/analyze-market.ts";
import { percent } from "../number-format.ts";

const size = { width: 520, height: 330 };
const plot: Plot = { left: 52, right: 500, top: 20, bottom: 284 };

/** Volatility of the last quarter at each time, with the mean of the whole period and the limit. */
export function volatilityChart(
  points: ChartSeries["rolling_volatility"],
  whole: number,
  limit: number | undefined,
): SafeHtml {
  const dates = points.map(({ date }) => new Date(date));
  const x = scaleUtc([dates[0], dates[dates.length - 1]], [plot.left, plot.right]);
  const highest = points.reduce((a, b) => (b.volatility > a.volatility ? b : a));
  const y = scaleLinear([0, highest.volatility], [plot.bottom, plot.top]).nice();
  const along = (_: unknown, i: number): number => px(x(dates[i]));
  const up = (point: (typeof points)[number]): number => px(y(point.volatility));
  const level = (value: number, className: string, text: string, row: number): SafeHtml => {
    const at = plot.top + 4 + row * 18;
    return html`<line class="${className}" x1="${plot.left}" x2="${plot.right}" y1="${px(y(value))}" y2="${px(y(value))}"/><line class="${className}" x1="${plot.right - 22}" x2="${plot.right}" y1="${at}" y2="${at}"/>${label({ x: plot.right - 28, y: at + 4 }, text, { anchor: "end" })}`;
  };

  return chartFrame(
    "volatility",
    size,
    "Rolling volatility",
    `Annualised volatility over the last 63 trading days. It was highest, ${percent(highest.volatility)}, on ${highest.date}; over the whole period it is ${percent(whole)}.`,
    [
      valueAxis(
        plot,
        y.ticks(5).map((tick) => ({ at: y(tick), label: percent(tick, 0) })),
      ),
      path("fill-accent", area<(typeof points)[number]>(along, plot.bottom, up)([...points])),
      path("line-accent", line<(typeof points)[number]>(along, up)([...points])),
      level(whole, "mark-muted", `whole period ${percent(whole)}`, 0),
      limit !== undefined && level(limit, "mark-danger", `limit ${percent(limit)}`, 1),
      label(
        { x: x(new Date(highest.date)) - 8, y: y(highest.volatility) + 10 },
        `${percent(highest.volatility)} on ${highest.date}`,
        { anchor: "end", className: "value" },
      ),
      baseAxis(
        plot,
        x.ticks(5).map((date) => ({ at: x(date), label: String(date.getUTCFullYear()) })),
      ),
    ],
  );
}
