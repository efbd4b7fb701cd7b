import { scaleLinear, scaleSqrt } from "d3-scale";
import { line } from "d3-shape";
import { baseAxis, chartFrame, html, label, type Plot, path, px, type SafeHtml, valueAxis } from "example-report-kit";
import type { HistogramBin } from "../../risk/histogram.ts";
import type { TailRisk } from "../../risk/value-at-risk.ts";
import { percent, whole } from "../number-format.ts";

const size = { width: 520, height: 330 };
const plot: Plot = { left: 52, right: 494, top: 44, bottom: 284 };

/**
 * How often each daily return came, with the values at risk as lines. Counts stand on a square-root scale, so that the
 * rare days in the tails, which all of this is about, can be seen.
 */
export function returnHistogram(
  bins: readonly HistogramBin[],
  tails: Readonly<Record<string, TailRisk>>,
  normal: { readonly mean: number; readonly deviation: number },
): SafeHtml {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const width = bins[0].to - bins[0].from;
  const x = scaleLinear([bins[0].from, bins[bins.length - 1].to], [plot.left, plot.right]);
  const expected = (value: number): number =>
    (total * width * Math.exp(-(((value - normal.mean) / normal.deviation) ** 2) / 2)) /
    (normal.deviation * Math.sqrt(2 * Math.PI));
  const tallest = Math.max(...bins.map(({ count }) => count), expected(normal.mean));
  const y = scaleSqrt([0, tallest * 1.05], [plot.bottom, plot.top]);
  const curve = line<number>(
    (value) => px(x(value)),
    (value) => px(y(expected(value))),
  );
  const worst = Object.values(tails).reduce((limit, { historical }) => Math.max(limit, historical), 0);
  const levels = Object.entries(tails).sort(([a], [b]) => Number(a) - Number(b));

  return chartFrame(
    "returns",
    size,
    "Daily log returns and value at risk",
    `${whole(total)} daily returns. ${levels.map(([level, { historical }]) => `On ${percent(1 - Number(level), 0)} of the days the loss was at least ${percent(historical, 2)}.`).join(" ")} The curve is a normal distribution of the same mean and deviation: it has too few days in the tails.`,
    [
      valueAxis(
        plot,
        [10, 100, 400, 800].filter((tick) => tick < tallest).map((tick) => ({ at: y(tick), label: whole(tick) })),
      ),
      html`<g>${bins.filter(({ count }) => count > 0).map(({ from, to, count }) => html`<rect class="${to <= -worst + width / 2 ? "bar-danger" : "bar-accent"}" x="${px(x(from) + 0.5)}" y="${px(y(count))}" width="${px(x(to) - x(from) - 1)}" height="${px(plot.bottom - y(count))}"/>`)}</g>`,
      path("line-muted", curve(bins.map(({ from, to }) => (from + to) / 2))),
      levels.map(([level, { historical, parametric }], i) => {
        const top = plot.top - 24 + i * 15;
        return [
          html`<line class="mark-danger" x1="${px(x(-historical))}" x2="${px(x(-historical))}" y1="${top + 4}" y2="${plot.bottom}"/>`,
          html`<line class="mark-muted" x1="${px(x(-parametric))}" x2="${px(x(-parametric))}" y1="${plot.top + 30}" y2="${plot.bottom}"/>`,
          label({ x: x(-historical) - 5, y: top + 10 }, `${percent(Number(level), 0)}: ${percent(-historical, 2)}`, {
            anchor: "end",
            className: "value danger",
          }),
        ];
      }),
      baseAxis(
        plot,
        [-0.06, -0.04, -0.02, 0, 0.02, 0.04, 0.06].map((tick) => ({ at: x(tick), label: axisLabel(tick) })),
      ),
      label({ x: plot.right, y: plot.top - 14 }, "days, square-root scale", { anchor: "end" }),
    ],
  );
}

/** The outermost bins also hold what lies beyond. */
function axisLabel(tick: number): string {
  if (tick === -0.06) return `≤ ${percent(tick, 0)}`;
  return tick === 0.06 ? `≥ ${percent(tick, 0)}` : percent(tick, 0);
}
