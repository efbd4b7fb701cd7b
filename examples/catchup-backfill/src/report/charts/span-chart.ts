import { scaleUtc } from "d3-scale";
import { chartFrame, html, label, px, type SafeHtml } from "example-report-kit";
import { count, span } from "../number-format.ts";
import type { RunSpan } from "../story-report.ts";

const left = 92;
const right = 780;
const rowHeight = 15;
const top = 26;

const classes: Readonly<Record<RunSpan["state"], string>> = {
  success: "bar-accent",
  failed: "bar-danger",
  skipped: "bar-soft",
};

/** Runs as bars in time, the one that is about the oldest interval on top. */
export function spanChart(id: string, title: string, spans: readonly RunSpan[]): SafeHtml {
  const [begin, end] = [Math.min(...spans.map((run) => run.startedAt)), Math.max(...spans.map((run) => run.endedAt))];
  const x = scaleUtc([new Date(begin), new Date(end)], [left, right]);
  const height = top + spans.length * rowHeight + 26;
  const bottom = height - 22;
  const isShort = end - begin < 600_000;
  const ticks = x.ticks(6);
  const states = Object.groupBy(spans, ({ state }) => state);
  return chartFrame(
    id,
    { width: 800, height },
    title,
    `${count(spans.length, "run")} in ${span(end - begin)}: ${Object.entries(states)
      .map(([state, runs]) => `${runs.length} ${state}`)
      .join(", ")}.`,
    [
      html`<g class="axis">${ticks.map((tick) => [
        html`<line x1="${px(x(tick))}" x2="${px(x(tick))}" y1="${top - 6}" y2="${bottom}"/>`,
        html`<text x="${px(x(tick))}" y="${bottom + 16}" text-anchor="middle">${tick.toISOString().slice(11, isShort ? 19 : 16)}</text>`,
      ])}</g>`,
      spans.map((run, row) => {
        const y = top + row * rowHeight;
        const [from, to] = [x(new Date(run.startedAt)), x(new Date(run.endedAt))];
        return [
          label({ x: left - 10, y: y + 10 }, run.label, { anchor: "end", className: "row" }),
          html`<rect class="${classes[run.state]}" x="${px(from)}" y="${y + 1}" width="${px(Math.max(3, to - from))}" height="${rowHeight - 4}" rx="2"/>`,
        ];
      }),
    ],
  );
}
