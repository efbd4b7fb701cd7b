import type { MetricFamily, MetricKind } from "./metric-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";

/** What stands before the names that tasks give their metrics; none of the engine's own begins so. */
export const taskPrefix = "millrace_task_";

/** The same for services. */
export const servicePrefix = "millrace_service_";

/** Metrics that tasks may make in one engine, and as many services. */
const mostMetrics = 500;
const mostLabels = 8;
const longestHelp = 500;
const mostBuckets = 50;
/** Prometheus' own default, for things that take from milliseconds to seconds. */
const usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a task measured, as plain data; or that a line of its log was left out. */
export type MetricSample = TaskMetricSample | { readonly kind: "log_line_dropped" };

export interface TaskMetricSample {
  readonly kind: MetricKind;
  /** As the task says it, without the prefix. */
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly help?: string | undefined;
  readonly buckets?: readonly number[] | undefined;
}

/** Why a value is left out. */
type Refusal = "not a number" | "negative" | "other kind" | "other labels" | "too many metrics" | "name taken";

/** Who measures: what stands before their names, and the labels that say who it was. */
interface Measurers {
  readonly prefix: string;
  readonly labels: readonly string[];
  /** For the help of a metric that has none. */
  readonly who: string;
}

export const tasksMeasure: Measurers = { prefix: taskPrefix, labels: ["dag", "task"], who: "tasks" };
export const servicesMeasure: Measurers = { prefix: servicePrefix, labels: ["service"], who: "services" };

/** Takes what tasks or services measure. A value that does not fit is counted and left out: measuring must fail nobody. */
export class TaskMetricSink {
  readonly #registry: MetricRegistry;
  readonly #refused: MetricFamily;
  readonly #measurers: Measurers;
  readonly #families = new Map<string, MetricFamily>();

  constructor(registry: MetricRegistry, refused: MetricFamily, measurers: Measurers) {
    this.#registry = registry;
    this.#refused = refused;
    this.#measurers = measurers;
  }

  /** @param owner - who measured: a value for each of its labels */
  record(owner: readonly string[], sample: TaskMetricSample): void {
    const refusal = this.#record(owner, sample);
    if (refusal) this.#refused.series([refusal]).value++;
  }

  #record(
    owner: readonly string[],
    { kind, name, value, labels, help, buckets }: TaskMetricSample,
  ): Refusal | undefined {
    if (!Number.isFinite(value)) return "not a number";
    if (kind === "counter" && value < 0) return "negative";
    const names = Object.keys(labels).sort();
    const known = this.#families.get(name);
    const family = known ?? this.#define(kind, name, names, help, buckets);
    if (typeof family === "string") return family;
    const { definition } = family;
    if (definition.kind !== kind) return "other kind";
    const skip = owner.length;
    const isSame = definition.labels.length === names.length + skip;
    if (!isSame || names.some((label, at) => definition.labels[at + skip] !== label)) return "other labels";
    const series = family.series([...owner, ...names.map((label) => String(labels[label]))]);
    if (kind === "histogram") family.record(series, value);
    else if (kind === "counter") series.value += value;
    else series.value = value;
    return undefined;
  }

  #define(
    kind: MetricKind,
    name: string,
    labels: readonly string[],
    help: string | undefined,
    buckets: readonly number[] | undefined,
  ): MetricFamily | Refusal {
    if (this.#families.size >= mostMetrics) return "too many metrics";
    if (labels.length > mostLabels) return "other labels";
    const full = this.#measurers.prefix + name;
    const parts = kind === "histogram" ? ["", "_bucket", "_sum", "_count"] : [""];
    if (parts.some((part) => this.#isTaken(full + part))) return "name taken";
    const family = this.#registry.define({
      name: full,
      kind,
      help: (help ?? `${name}, as ${this.#measurers.who} measure it.`).slice(0, longestHelp),
      labels: [...this.#measurers.labels, ...labels],
      ...(kind === "histogram" ? { buckets: growing(buckets) } : {}),
    });
    this.#families.set(name, family);
    return family;
  }

  /** By a metric, or by one of the lines that a histogram has on the page. */
  #isTaken(full: string): boolean {
    const owner = /^(.*)_(?:bucket|sum|count)$/.exec(full)?.[1];
    return (
      this.#registry.get(full) !== undefined ||
      (owner !== undefined && this.#registry.get(owner)?.definition.kind === "histogram")
    );
  }
}

function growing(buckets: readonly number[] | undefined): readonly number[] {
  const bounds = [...new Set(buckets ?? usualBuckets)].filter(Number.isFinite).sort((a, b) => a - b);
  return bounds.slice(0, mostBuckets);
}
