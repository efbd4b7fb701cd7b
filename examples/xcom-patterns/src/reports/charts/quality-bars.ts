import { scaleLinear } from "d3-scale";
import { chartFrame, html, label, px, type SafeHtml } from "example-report-kit";
import type { QualityReport } from "../../xcom/pipeline-records.ts";
import { ratio, words } from "../number-format.ts";

const rowHeight = 38;
const left = 130;
const right = 470;

/** A bar for each source, with the two scores at which the treatment changes. */
export function qualityBars({ sources }: QualityReport): SafeHtml {
  const size = { width: 520, height: 34 + Math.max(sources.length, 1) * rowHeight };
  const x = scaleLinear([0, 1], [left, right]);
  const bottom = size.height - 4;
  return chartFrame(
    "quality",
    size,
    "Quality of the sources",
    sources.map(({ source, score, band }) => `${words(source)}: ${ratio(score)}, ${band}.`).join(" ") ||
      "No source was assessed.",
    [
      sources.map(({ source, score, band }, i) => {
        const y = 28 + i * rowHeight;
        return [
          label({ x: left - 12, y: y + 19 }, words(source), { anchor: "end", className: "row" }),
          html`<rect class="track" x="${left}" y="${y + 4}" width="${right - left}" height="20" rx="3"/>`,
          html`<rect class="band-${band}" x="${left}" y="${y + 4}" width="${px(Math.max(2, x(score) - left))}" height="20" rx="3"/>`,
          label({ x: right + 10, y: y + 19 }, ratio(score), { className: "value" }),
        ];
      }),
      [0.5, 0.8].map(
        (at) =>
          html`<line class="mark-muted" x1="${px(x(at))}" x2="${px(x(at))}" y1="22" y2="${bottom}"/>${label({ x: x(at), y: 14 }, at === 0.5 ? "medium from 0.5" : "high from 0.8", { anchor: "middle" })}`,
      ),
    ],
  );
}
