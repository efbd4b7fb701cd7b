import { expect, test } from "vitest";
import { bundledDags, ran } from "./bundled-dags.ts";

const tasks = `
  d.task("loads", ({ metrics, log }) => {
    metrics.counter("rows_total", { help: "Rows." }).add(3, { source: "crm" });
    metrics.gauge("depth").set(2);
    metrics.histogram("sizes", { buckets: [1, 10] }).record(5);
    metrics.counter("rows_total").add(NaN, { source: "crm" });
    for (let line = 0; line < 10_003; line++) log.info("line");
  });
  d.task("misnames", ({ metrics }) => metrics.counter("no name").add());
`;

test("what tasks measure in threads is told as beside the engine", async () => {
  const dags = await bundledDags(tasks);
  const seen: Record<string, unknown> = {};
  for (const where of ["inline", "thread"] as const) {
    await using done = await ran(dags[where]);
    const page = done.engine.metrics.prometheus();
    const lines = page.split("\n").filter((line) => /^millrace_(task_|metric_values|log_lines)/.test(line));
    expect(done.result.tasks["misnames"]?.error).toMatchObject({ code: "METRIC_NAME_INVALID" });
    seen[where] = lines.map((line) => line.replace(`dag="${where}"`, 'dag="it"'));
  }
  expect(seen["thread"]).toEqual(seen["inline"]);
  expect(seen["inline"]).toEqual([
    'millrace_log_lines_dropped_total{dag="it"} 3',
    'millrace_metric_values_refused_total{reason="not a number"} 1',
    'millrace_task_rows_total{dag="it",task="loads",source="crm"} 3',
    'millrace_task_depth{dag="it",task="loads"} 2',
    'millrace_task_sizes_bucket{dag="it",task="loads",le="1"} 0',
    'millrace_task_sizes_bucket{dag="it",task="loads",le="10"} 1',
    'millrace_task_sizes_bucket{dag="it",task="loads",le="+Inf"} 1',
    'millrace_task_sizes_sum{dag="it",task="loads"} 5',
    'millrace_task_sizes_count{dag="it",task="loads"} 1',
  ]);
});
