import type { MeterProvider } from "@opentelemetry/api";
import { coreError } from "../../errors.ts";
import type { LiveRun } from "../../scheduler/live-run.ts";
import type { Change, Outcome } from "../../store/contract.ts";
import { type Clock, monotonicOf } from "../../time/clock.ts";
import type { Meter } from "../../time/meter.ts";
import type { XComOperation } from "../../xcom/operation.ts";
import { type DagFamilies, DagMeter, defineDagFamilies } from "./dag-meter.ts";
import { defineGauges, type EngineReadings } from "./engine-gauges.ts";
import { countGroup, type MeteredRun } from "./group-meter.ts";
import type { MetricFamily, Series } from "./metric-family.ts";
import { MetricRegistry } from "./metric-registry.ts";
import { metricTable } from "./metric-table.ts";
import { exportMetrics } from "./open-telemetry.ts";
import { prometheusPage } from "./prometheus-page.ts";
import {
  type MetricSample,
  servicesMeasure,
  type TaskMetricSample,
  TaskMetricSink,
  tasksMeasure,
} from "./task-metric-sink.ts";
import { XComMeter } from "./xcom-meter.ts";

const lagSampleMs = 500;

interface EngineMetricsOptions {
  readonly clock: Clock;
  readonly meter: Pick<Meter, "nowUs">;
  readonly maxLabelValues: number;
}

/** What an engine measures of itself and of its tasks. Counting costs nanoseconds; everything else is done when it is read. */
export class EngineMetrics {
  readonly registry: MetricRegistry;
  readonly #clock: Clock;
  readonly #meter: Pick<Meter, "nowUs">;
  readonly #ofDags: DagFamilies;
  readonly #dags = new Map<string, DagMeter>();
  readonly #runs = new Map<number, MeteredRun>();
  readonly #tasks: TaskMetricSink;
  readonly #services: TaskMetricSink;
  readonly #tick: SingleHistogram;
  readonly #commit: SingleHistogram;
  readonly #changes: SingleHistogram;
  readonly #lag: SingleHistogram;
  readonly #scheduleDelay: SingleHistogram;
  readonly #failures: Series;
  readonly #xcomPartFailures: MetricFamily;
  readonly #deadlinesMissed: MetricFamily;
  readonly #catchupUnreadable: MetricFamily;
  readonly #xcoms: XComMeter;
  readonly #exportErrors: Series;
  readonly #read: (readings: EngineReadings) => void;
  readonly #closing = new AbortController();
  #isSampling = false;
  #stopExport: (() => void) | undefined;

  constructor({ clock, meter, maxLabelValues }: EngineMetricsOptions) {
    this.#clock = clock;
    this.#meter = meter;
    const registry = new MetricRegistry(maxLabelValues);
    this.registry = registry;
    this.#ofDags = defineDagFamilies(registry);
    this.#tick = new SingleHistogram(registry.define(metricTable.tickSeconds));
    this.#scheduleDelay = new SingleHistogram(registry.define(metricTable.scheduleDelaySeconds));
    this.#commit = new SingleHistogram(registry.define(metricTable.commitSeconds));
    this.#changes = new SingleHistogram(registry.define(metricTable.commitChanges));
    this.#failures = registry.define(metricTable.commitFailures).series([]);
    this.#lag = new SingleHistogram(registry.define(metricTable.loopLagSeconds));
    this.#xcomPartFailures = registry.define(metricTable.xcomPartFailures);
    this.#deadlinesMissed = registry.define(metricTable.deadlinesMissed);
    this.#catchupUnreadable = registry.define(metricTable.catchupUnreadable);
    this.#xcoms = new XComMeter(registry);
    const folded = registry.define(metricTable.labelsFolded).series([]);
    registry.onCollect(() => {
      folded.value = registry.folded;
    });
    this.#read = defineGauges(registry);
    this.#exportErrors = registry.define(metricTable.exportErrors).series([]);
    const refused = registry.define(metricTable.valuesRefused);
    this.#tasks = new TaskMetricSink(registry, refused, tasksMeasure);
    this.#services = new TaskMetricSink(registry, refused, servicesMeasure);
  }

  /** Everything as a page of Prometheus' text format. */
  prometheus(): string {
    this.registry.collect();
    return prometheusPage(this.registry.families);
  }

  /** Where the values come from that are read only when they are asked for. */
  readFrom(readings: EngineReadings): void {
    this.registry.onCollect(() => this.#read(readings));
  }

  // ---------------------------------------------------------------- what the engine tells

  /** The changes of this run are counted from here on. */
  know(run: LiveRun): void {
    const { runNo, dagId, startedAt } = run.row;
    const hasStarted = this.#runs.get(runNo)?.hasStarted ?? startedAt !== null;
    this.#runs.set(runNo, { run, dag: this.#dag(dagId), hasStarted });
  }

  forget(runNo: number): void {
    this.#runs.delete(runNo);
  }

  /** A group was stored. */
  stored(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    countGroup(changes, outcomes, (runNo) => this.#runs.get(runNo));
  }

  /** Microseconds, for {@link ticked} and {@link committed}. */
  nowUs(): number {
    return this.#meter.nowUs();
  }

  ticked(sinceUs: number): void {
    this.#tick.record((this.#meter.nowUs() - sinceUs) / 1e6);
    if (!this.#isSampling && this.#runs.size > 0) void this.#sampleLag();
  }

  committed(sinceUs: number, changes: number): void {
    this.#commit.record((this.#meter.nowUs() - sinceUs) / 1e6);
    this.#changes.record(changes);
  }

  /** A scheduled run is made, so many milliseconds after it was due. */
  scheduled(delayMs: number): void {
    this.#scheduleDelay.record(delayMs / 1e3);
  }

  commitFailed(): void {
    this.#failures.value++;
  }

  deadlineMissed(dagId: string, what: "run" | "task"): void {
    this.#deadlinesMissed.series([dagId, what]).value++;
  }

  /** Catchup settings of this source could not be read. */
  catchupUnreadable(source: string): void {
    this.#catchupUnreadable.series([source]).value++;
  }

  xcomPartFailed(reason: "error" | "timeout"): void {
    this.#xcomPartFailures.series([reason]).value++;
  }

  /** A part of the XCom backend has done something. */
  xcomOperation(operation: XComOperation): void {
    this.#xcoms.record(operation);
  }

  /** What an attempt measured. Never throws: a wrong value is counted and left out. */
  record(dagId: string, taskId: string, sample: MetricSample): void {
    if (sample.kind === "log_line_dropped") this.#dag(dagId).logLinesDropped.value++;
    else this.#tasks.record([dagId, taskId], sample);
  }

  /** What a service measured; as {@link record}. */
  recordOfService(name: string, sample: TaskMetricSample): void {
    this.#services.record([name], sample);
  }

  /** Hands everything to OpenTelemetry as well. What throws there is counted, and said once. */
  exportTo(provider: MeterProvider): void {
    this.#stopExport = exportMetrics(this.registry, provider, () => {
      if (this.#exportErrors.value++ > 0) return;
      const error = coreError("METRIC_EXPORT_FAILED");
      process.emitWarning(`${error.message}. ${error.cure}`, { type: "MillraceWarning", code: error.code });
    });
  }

  close(): void {
    this.#stopExport?.();
    this.#closing.abort();
  }

  #dag(dagId: string): DagMeter {
    const known = this.#dags.get(dagId);
    if (known) return known;
    const meter = new DagMeter(dagId, this.#ofDags);
    this.#dags.set(dagId, meter);
    return meter;
  }

  async #sampleLag(): Promise<void> {
    const { signal } = this.#closing;
    this.#isSampling = true;
    const asked = monotonicOf(this.#clock) + lagSampleMs;
    await this.#clock.sleep(lagSampleMs, signal);
    this.#isSampling = false;
    if (!signal.aborted) this.#lag.record(Math.max(0, monotonicOf(this.#clock) - asked) / 1_000);
  }
}

/** A histogram without labels. */
class SingleHistogram {
  readonly #family: MetricFamily;
  readonly #series: Series;

  constructor(family: MetricFamily) {
    this.#family = family;
    this.#series = family.series([]);
  }

  record(value: number): void {
    this.#family.record(this.#series, value);
  }
}
