import type { MetricFamily, Series } from "./metric-family.ts";

/** Metrics as a page of Prometheus' text format 0.0.4. */
export function prometheusPage(families: Iterable<MetricFamily>): string {
  let page = "";
  for (const family of families) {
    const { name, kind, help } = family.definition;
    page += `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${kind}\n`;
    for (const series of family.all)
      page += kind === "histogram" ? histogram(family, series) : `${name}${labelText(series)} ${series.value}\n`;
  }
  return page;
}

function histogram({ definition: { name, buckets = [] } }: MetricFamily, series: Series): string {
  let lines = "";
  let upTo = 0;
  for (const [at, bound] of buckets.entries()) {
    upTo += series.counts[at];
    lines += `${name}_bucket${labelText(series, `le="${bound}"`)} ${upTo}\n`;
  }
  lines += `${name}_bucket${labelText(series, 'le="+Inf"')} ${series.count}\n`;
  return `${lines}${name}_sum${labelText(series)} ${series.value}\n${name}_count${labelText(series)} ${series.count}\n`;
}

function labelText({ labels }: Series, more?: string): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  if (more !== undefined) parts.push(more);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
