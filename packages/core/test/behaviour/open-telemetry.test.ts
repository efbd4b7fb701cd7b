import { type MeterProvider, metrics as registered } from "@opentelemetry/api";
import { type DataPoint, type Histogram, MetricReader, MeterProvider as SdkProvider } from "@opentelemetry/sdk-metrics";
import { afterEach, expect, test, vi } from "vitest";
import { dag } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

/** A reader that collects when the test asks. */
class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  async read(): Promise<Map<string, { readonly unit: string; readonly points: readonly DataPoint<unknown>[] }>> {
    const { resourceMetrics, errors } = await this.collect();
    expect(errors).toEqual([]);
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return new Map(
      all.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        { unit: descriptor.unit, points: dataPoints as readonly DataPoint<unknown>[] },
      ]),
    );
  }
}

const measures = dag("measures", {}, (d) => {
  d.task("a", ({ metrics }) => {
    metrics.counter("rows_total").add(7, { source: "crm" });
    metrics.histogram("size_bytes", { buckets: [10, 100] }).record(50);
    metrics.gauge("depth").set(3);
  });
});

afterEach(() => registered.disable());

test("a provider that is given gets counters, gauges and histograms of engine and tasks, with units and without _total", async () => {
  const reader = new HandReader();
  await using opened = await openEngine({
    dags: [measures],
    metrics: { meterProvider: new SdkProvider({ readers: [reader] }) },
  });
  await opened.run(measures);
  await opened.run(measures);
  const read = await reader.read();
  expect(read.get("millrace_runs")?.points).toMatchObject([
    { value: 2, attributes: { dag: "measures", state: "success" } },
  ]);
  expect(read.get("millrace_executor_free_slots")?.points).toMatchObject([{ value: 32 }]);
  expect(read.get("millrace_task_rows")?.points).toMatchObject([
    { value: 14, attributes: { dag: "measures", task: "a", source: "crm" } },
  ]);
  expect(read.get("millrace_task_depth")?.points).toMatchObject([{ value: 3 }]);
  const size = read.get("millrace_task_size_bytes");
  expect(size?.unit).toBe("By");
  expect(size?.points[0]?.value as Histogram).toMatchObject({
    count: 2,
    sum: 100,
    buckets: { boundaries: [10, 100], counts: [0, 2, 0] },
  });
  const seconds = read.get("millrace_attempt_duration_seconds");
  expect(seconds?.unit).toBe("s");
  expect(seconds?.points[0]?.value as Histogram).toMatchObject({ count: 2 });
});

test("the registered provider is used unless the engine is told not to", async () => {
  const reader = new HandReader();
  registered.setGlobalMeterProvider(new SdkProvider({ readers: [reader] }));
  await using opened = await openEngine({ dags: [measures] });
  await opened.run(measures);
  expect((await reader.read()).get("millrace_runs")?.points).toMatchObject([{ value: 1 }]);
  await using quiet = await openEngine({ dags: [measures], metrics: { meterProvider: false } });
  await quiet.run(measures);
  expect((await reader.read()).get("millrace_runs")?.points).toHaveLength(1);
});

test("one that throws at every turn harms no run; it is counted, and said once by its code", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const broken = (): never => {
    throw new Error("exporter of card 4111");
  };
  const histogram = { record: broken };
  const meter = new Proxy({}, { get: (_, name) => (name === "createHistogram" ? () => histogram : broken) });
  await using opened = await openEngine({
    dags: [measures],
    metrics: { meterProvider: { getMeter: () => meter } as unknown as MeterProvider },
  });
  const result = await opened.run(measures);
  expect(result.state).toBe("success");
  expect(opened.engine.metrics.prometheus()).toMatch(/millrace_metric_export_errors_total [1-9]/);
  const said = warn.mock.calls.filter((call) => JSON.stringify(call).includes("METRIC_EXPORT_FAILED"));
  expect(said).toHaveLength(1);
  expect(JSON.stringify(said)).not.toContain("4111");
  warn.mockRestore();
});
