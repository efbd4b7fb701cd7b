import { scaleLinear } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import type { SafeHtml } from "example-report-kit";
import { baseAxis, chartFrame, html, label, type Plot, path, px, valueAxis } from "example-report-kit";
import type { ResourceSample } from "../story-report.ts";

const size = { width: 360, height: 200 };
const plot: Plot = { left: 58, right: 348, top: 18, bottom: 160 };

export interface Resource {
  readonly id: string;
  readonly title: string;
  readonly of: (sample: ResourceSample) => number;
  readonly format: (value: number) => string;
  /** What it must not pass. */
  readonly limit?: { readonly value: number; readonly label: string };
  /** It jumps from value to value, and has no values between. */
  readonly isStepped?: boolean;
}

/** One resource over the runs of a backfill. */
export function resourceChart(samples: readonly ResourceSample[], resource: Resource): SafeHtml {
  const values = samples.map(resource.of);
  const last = samples.at(-1)?.runsDone ?? 1;
  const highest = Math.max(...values, resource.limit?.value ?? 0);
  const x = scaleLinear([0, last], [plot.left, plot.right]);
  const y = scaleLinear([0, highest * 1.1], [plot.bottom, plot.top]);
  const along = (sample: ResourceSample): number => px(x(sample.runsDone));
  const up = (sample: ResourceSample): number => px(y(resource.of(sample)));
  const drawn = line<ResourceSample>(along, up);
  const filled = area<ResourceSample>(along, plot.bottom, up);
  if (resource.isStepped) {
    drawn.curve(curveStepAfter);
    filled.curve(curveStepAfter);
  }
  const ticks = resource.isStepped ? y.ticks(4).filter(Number.isInteger) : y.ticks(4);
  return chartFrame(
    `resource-${resource.id}`,
    size,
    resource.title,
    `${resource.title}: from ${resource.format(values[0])} to ${resource.format(values[values.length - 1])}, at most ${resource.format(Math.max(...values))}.`,
    [
      valueAxis(
        plot,
        ticks.map((tick) => ({ at: y(tick), label: resource.format(tick) })),
      ),
      path("fill-accent", filled([...samples])),
      path("line-accent", drawn([...samples])),
      resource.limit &&
        html`<line class="mark-danger" x1="${plot.left}" x2="${plot.right}" y1="${px(y(resource.limit.value))}" y2="${px(y(resource.limit.value))}"/>`,
      resource.limit &&
        label({ x: plot.right, y: y(resource.limit.value) - 5 }, resource.limit.label, { anchor: "end" }),
      baseAxis(
        plot,
        x.ticks(4).map((tick) => ({ at: x(tick), label: String(tick) })),
      ),
      label({ x: (plot.left + plot.right) / 2, y: plot.bottom + 34 }, "runs done", { anchor: "middle" }),
    ],
  );
}
