import type { Meter, MeterProvider, Observable } from "@opentelemetry/api";
import type { MetricFamily } from "./metric-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";

/** Where OpenTelemetry's API, in whatever copy, keeps what the host has registered. */
const globalKey = Symbol.for("opentelemetry.js.api.1");

/**
 * The meter provider that the host has registered; `undefined` when there is none. The API is loaded only if somebody has
 * loaded it before us: that takes longer than an engine takes to open.
 */
export async function registeredMeterProvider(): Promise<MeterProvider | undefined> {
  const registered = (globalThis as { readonly [globalKey]?: { readonly metrics?: unknown } })[globalKey];
  if (registered?.metrics === undefined) return undefined;
  const { metrics } = await import("@opentelemetry/api");
  return metrics.getMeterProvider();
}

/**
 * Hands metrics to OpenTelemetry. Counters and gauges are read when it collects; values of histograms are passed on one by
 * one, for it keeps buckets of its own.
 *
 * @param onError - OpenTelemetry threw
 * @returns ends it
 */
export function exportMetrics(registry: MetricRegistry, provider: MeterProvider, onError: () => void): () => void {
  const ends: (() => void)[] = [];
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch {
      onError();
    }
  };
  const attach = (meter: Meter, families: readonly MetricFamily[]): void => {
    const observed = new Map<Observable, MetricFamily>();
    for (const family of families) {
      if (family.definition.kind === "histogram") ends.push(passOn(meter, family, guarded));
      else observed.set(observableOf(meter, family), family);
    }
    const tell = (result: { observe: (...value: [Observable, number, Record<string, string>]) => void }): void => {
      registry.collect();
      for (const [observable, family] of observed)
        for (const { value, labels } of family.all) result.observe(observable, value, labels);
    };
    const observables = [...observed.keys()];
    meter.addBatchObservableCallback(tell, observables);
    ends.push(() => meter.removeBatchObservableCallback(tell, observables));
  };
  guarded(() => {
    const meter = provider.getMeter("@millrace/core");
    attach(meter, [...registry.families]);
    registry.onDefine = (family) => guarded(() => attach(meter, [family]));
  });
  return () => {
    registry.onDefine = undefined;
    for (const end of ends) guarded(end);
  };
}

function passOn(meter: Meter, family: MetricFamily, guarded: (act: () => void) => void): () => void {
  const { name, help, buckets } = family.definition;
  const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
  const histogram = meter.createHistogram(name, { ...describe(name, help), advice });
  family.onRecord = (value, labels) => guarded(() => histogram.record(value, labels));
  return () => {
    family.onRecord = undefined;
  };
}

function observableOf(meter: Meter, { definition: { name, kind, help } }: MetricFamily): Observable {
  if (kind === "gauge") return meter.createObservableGauge(name, describe(name, help));
  // OpenTelemetry's own exporter for Prometheus adds the ending again.
  return meter.createObservableCounter(name.replace(/_total$/, ""), describe(name, help));
}

function describe(name: string, description: string): { readonly description: string; readonly unit?: string } {
  if (/_seconds(_total)?$/.test(name)) return { description, unit: "s" };
  if (/_bytes(_total)?$/.test(name)) return { description, unit: "By" };
  return { description };
}
