import { html, type SafeHtml } from "example-report-kit";
import type { SampleKind } from "../../data/samples.ts";
import type { Measurement } from "../../measure/measurement.ts";
import { keptShare, kindTitles, labelOf } from "../comparison.ts";
import { bytes, share } from "../number-format.ts";
import { grid, middleOf, px, rowChart, rows, text } from "./chart-frame.ts";

/** A bar for each backend: what it keeps of one value, in the row and outside, against the value's JSON text. */
export function sizeChart(kind: SampleKind, sizeBytes: number, of: readonly Measurement[]): SafeHtml {
  // What is many times larger than the value would leave nothing to see of the others: its bar is cut.
  const most = Math.min(2, Math.max(1.05, ...of.map(keptShare)));
  const x = (value: number): number => rows.left + (Math.min(value, most) / most) * (rows.right - rows.left);
  const title = `${kindTitles[kind]}, ${bytes(sizeBytes)}`;
  return rowChart(
    `size-${kind}`,
    of.map(({ backend }) => labelOf(backend)),
    {
      title: `What is kept of: ${title}`,
      description: of.map((one) => `${labelOf(one.backend)}: ${share(keptShare(one))}.`).join(" "),
    },
    [
      text({ x: rows.left, y: 18 }, title, "title"),
      grid(
        of.length,
        [0, 0.5, 1, 1.5, 2].filter((at) => at <= most).map((at) => ({ at: x(at), label: share(at) })),
      ),
      of.map((one, row) => {
        const [stored, all] = [one.row_bytes / one.json_bytes, keptShare(one)];
        const y = middleOf(row) - 6;
        return [
          html`<rect class="in-row" x="${rows.left}" y="${y}" width="${px(Math.max(1, x(stored) - rows.left))}" height="12"/>`,
          one.outside_bytes > 0 &&
            html`<rect class="outside" x="${px(x(stored) + 0.5)}" y="${y + 0.5}" width="${px(Math.max(1, x(all) - x(stored) - 1))}" height="11"/>`,
          text({ x: x(all) + 7, y: middleOf(row) + 4 }, `${share(all)}${all > most ? " →" : ""}`, "value"),
        ];
      }),
      html`<line class="whole" x1="${px(x(1))}" x2="${px(x(1))}" y1="${rows.top - 3}" y2="${rows.top + of.length * rows.height}"/>`,
    ],
  );
}
