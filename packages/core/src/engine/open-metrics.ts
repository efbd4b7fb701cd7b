import type { MeterProvider } from "@opentelemetry/api";
import { coreError, shown } from "../errors.ts";
import { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import { registeredMeterProvider } from "../observe/metrics/open-telemetry.ts";
import type { Clock } from "../time/clock.ts";
import { threadMeter } from "../time/meter.ts";
import { engineDefaults } from "./engine-defaults.ts";

export interface MetricsOptions {
  /** Values that one label of one metric may have; further ones become `other`. Default 200. */
  readonly maxLabelValues?: number;
  /** OpenTelemetry's provider to hand metrics to; `false`: none. Default: the one that is registered when the engine is created. */
  readonly meterProvider?: MeterProvider | false;
}

/** The metrics of a new engine, with their way to OpenTelemetry if the host has it. */
export async function openMetrics(options: MetricsOptions = {}, clock: Clock): Promise<EngineMetrics> {
  const { maxLabelValues = engineDefaults.maxLabelValues } = options;
  if (!Number.isSafeInteger(maxLabelValues) || maxLabelValues < 1)
    throw coreError("DAG_OPTION_INVALID", {
      option: "metrics.maxLabelValues",
      where: "createEngine",
      value: shown(maxLabelValues),
      expected: "a whole number of at least 1 is needed",
    });
  const provider = options.meterProvider ?? (await registeredMeterProvider());
  const metrics = new EngineMetrics({ clock, meter: threadMeter, maxLabelValues });
  if (provider) metrics.exportTo(provider);
  return metrics;
}
