import { html, type SafeHtml } from "example-report-kit";
import type { Measurement } from "../../measure/measurement.ts";
import { labelOf } from "../comparison.ts";
import { bytes, duration } from "../number-format.ts";
import { grid, middleOf, px, rowChart, rows, text } from "./chart-frame.ts";

/** Two marks for each backend: how long writing and reading one value take, on a scale of powers of ten. */
export function timeChart(sizeBytes: number, of: readonly Measurement[]): SafeHtml {
  const times = of.flatMap(({ serialize_ms, deserialize_ms }) => [serialize_ms, deserialize_ms]).filter((ms) => ms > 0);
  const low = Math.floor(Math.log10(Math.min(...times)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times))));
  const x = (ms: number): number =>
    rows.left + ((Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low)) * (rows.right - rows.left);
  const powers = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
  const title = `A value of ${bytes(sizeBytes)}`;
  return rowChart(
    `time-${sizeBytes}`,
    of.map(({ backend }) => labelOf(backend)),
    {
      title: `Time to write and read: ${title}`,
      description: of
        .map(
          (one) =>
            `${labelOf(one.backend)}: written in ${duration(one.serialize_ms)}, read in ${duration(one.deserialize_ms)}.`,
        )
        .join(" "),
    },
    [
      text({ x: rows.left, y: 18 }, title, "title"),
      grid(
        of.length,
        powers.map((ms) => ({ at: x(ms), label: duration(ms) })),
      ),
      of.map(({ serialize_ms, deserialize_ms }, row) => {
        const [write, read, y] = [x(serialize_ms), x(deserialize_ms), middleOf(row)];
        return [
          html`<line class="span" x1="${px(write)}" x2="${px(read)}" y1="${y}" y2="${y}"/>`,
          html`<circle class="read" cx="${px(read)}" cy="${y}" r="4.5"/>`,
          html`<circle class="write" cx="${px(write)}" cy="${y}" r="5"/>`,
          text({ x: rows.right + 10, y: y + 4 }, duration(serialize_ms + deserialize_ms), "value"),
        ];
      }),
    ],
  );
}
