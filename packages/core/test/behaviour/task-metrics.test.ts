import { describe, expect, test } from "vitest";
import type { TaskMetrics } from "../../src/authoring/context.ts";
import { dag } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

/** What tasks' metrics are on the page after a run whose only task did this. */
async function measured(act: (metrics: TaskMetrics) => void) {
  const measures = dag("d", {}, (d) => void d.task("t", ({ metrics }) => void act(metrics)));
  await using opened = await openEngine({ dags: [measures] });
  const result = await opened.run(measures);
  const page = opened.engine.metrics.prometheus();
  const linesOf = (name: string): string[] =>
    page.split("\n").filter((line) => line.includes(name) && !line.startsWith("# HELP"));
  return {
    result,
    page,
    lines: linesOf("millrace_task_").map((line) => line.replaceAll("millrace_task_", "")),
    refused: linesOf("millrace_metric_values_refused_total{"),
  };
}

describe("metrics of a task", () => {
  test("counters, gauges and histograms have the labels of their task and their own", async () => {
    const { lines, page, result } = await measured((metrics) => {
      const rows = metrics.counter("rows_total", { help: "Rows loaded." });
      rows.add(2, { source: "crm" });
      rows.add(1, { source: "crm" });
      rows.add(undefined, { source: "shop" });
      metrics.gauge("depth").set(-3);
      metrics.gauge("depth").set(-4);
      const sizes = metrics.histogram("sizes", { buckets: [10, 1, 1] });
      for (const value of [0.5, 5, 50]) sizes.record(value, { ok: true });
    });
    expect(result.state).toBe("success");
    expect(page).toContain("# HELP millrace_task_rows_total Rows loaded.\n");
    expect(lines).toEqual([
      "# TYPE rows_total counter",
      'rows_total{dag="d",task="t",source="crm"} 3',
      'rows_total{dag="d",task="t",source="shop"} 1',
      "# TYPE depth gauge",
      'depth{dag="d",task="t"} -4',
      "# TYPE sizes histogram",
      'sizes_bucket{dag="d",task="t",ok="true",le="1"} 1',
      'sizes_bucket{dag="d",task="t",ok="true",le="10"} 2',
      'sizes_bucket{dag="d",task="t",ok="true",le="+Inf"} 3',
      'sizes_sum{dag="d",task="t",ok="true"} 55.5',
      'sizes_count{dag="d",task="t",ok="true"} 3',
    ]);
  });

  test.for<[string, (metrics: TaskMetrics) => void]>([
    ["a name with a dash", (metrics) => metrics.counter("a-b")],
    ["no name", (metrics) => metrics.gauge("")],
    ["a name that begins with a digit", (metrics) => metrics.histogram("1a")],
    ["a name that is no text", (metrics) => metrics.counter(7 as unknown as string)],
    ["a label with a line break", (metrics) => metrics.counter("a").add(1, { "b\n": 1 })],
    ["a label that the engine sets", (metrics) => metrics.counter("a").add(1, { dag: "other" })],
    ["a label of the page itself", (metrics) => metrics.histogram("a").record(1, { le: "1" })],
    ["a label that Prometheus keeps for itself", (metrics) => metrics.counter("a").add(1, { __name__: "b" })],
  ])("%s fails the task by its code", async ([, act]) => {
    const { result, lines } = await measured(act);
    expect(result.tasks["t"]?.error).toMatchObject({ code: "METRIC_NAME_INVALID" });
    expect(lines).toEqual([]);
  });

  test.for<[string, (metrics: TaskMetrics) => void]>([
    ["not a number", (metrics) => metrics.gauge("a").set(Number.NaN)],
    ["not a number", (metrics) => metrics.counter("a").add("5" as unknown as number)],
    ["negative", (metrics) => metrics.counter("a").add(-1)],
    ["other kind", (metrics) => [metrics.counter("a").add(1), metrics.gauge("a").set(1)]],
    ["other labels", (metrics) => [metrics.counter("a").add(1), metrics.counter("a").add(1, { b: 1 })]],
    ["name taken", (metrics) => [metrics.histogram("a").record(1), metrics.counter("a_count").add(1)]],
    ["name taken", (metrics) => [metrics.counter("a_sum").add(1), metrics.histogram("a").record(1)]],
    [
      "too many metrics",
      (metrics) => {
        for (let n = 0; n < 501; n++) metrics.counter(`a${n}`).add(1);
      },
    ],
  ])("a value that is %s is counted and left out; the task goes on", async ([reason, act]) => {
    const { result, refused } = await measured(act);
    expect(result.state).toBe("success");
    expect(refused).toEqual([`millrace_metric_values_refused_total{reason="${reason}"} 1`]);
  });

  test("thousands of label values make a few hundred series", async () => {
    const { lines } = await measured((metrics) => {
      const users = metrics.counter("users_total");
      for (let n = 0; n < 5_000; n++) users.add(1, { user: `u${n}` });
    });
    expect(lines).toHaveLength(1 + 200 + 1);
    expect(lines.at(-1)).toBe('users_total{dag="d",task="t",user="other"} 4800');
  });
});
