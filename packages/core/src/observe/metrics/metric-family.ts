import type { LabelGuard } from "./label-guard.ts";

export type MetricKind = "counter" | "gauge" | "histogram";

/** One metric, as its table says. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: MetricKind;
  /** One line for people. */
  readonly help: string;
  /** Names of its labels. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, growing; the last bucket has none. */
  readonly buckets?: readonly number[];
}

/** The values of one combination of labels. */
export class Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a counter or gauge. Of a histogram the sum of what was recorded. */
  value = 0;
  /** Of a histogram: how many fell into each bucket, and how many in all. */
  readonly counts: Float64Array;
  count = 0;

  constructor(labels: Readonly<Record<string, string>>, buckets: number) {
    this.labels = labels;
    this.counts = new Float64Array(buckets);
  }
}

/** A metric with the series of all its labels. */
export class MetricFamily {
  readonly definition: MetricDefinition;
  readonly #guard: LabelGuard;
  readonly #buckets: readonly number[];
  readonly #series = new Map<string, Series>();
  /** Told every single value of a histogram, where somebody wants them so. */
  onRecord: ((value: number, labels: Readonly<Record<string, string>>) => void) | undefined;

  constructor(definition: MetricDefinition, guard: LabelGuard) {
    this.definition = definition;
    this.#guard = guard;
    this.#buckets = definition.buckets ?? [];
    // What has no labels is there from the beginning, so that a graph begins with 0.
    if (definition.labels.length === 0) this.series([]);
  }

  get all(): Iterable<Series> {
    return this.#series.values();
  }

  /** The series of these label values, in the order of the definition's label names; made when there is none. */
  series(values: readonly string[]): Series {
    const key = values.join("\0");
    const known = this.#series.get(key);
    if (known) return known;
    const { labels } = this.definition;
    const kept = this.#guard.admit(labels, values);
    const keptKey = kept.join("\0");
    let series = this.#series.get(keptKey);
    if (!series) {
      series = new Series(Object.fromEntries(labels.map((label, at) => [label, kept[at]])), this.#buckets.length);
      this.#series.set(keptKey, series);
    }
    return series;
  }

  /** Adds a value to a histogram's series. */
  record(series: Series, value: number): void {
    const buckets = this.#buckets;
    let at = 0;
    while (at < buckets.length && value > buckets[at]) at++;
    if (at < buckets.length) series.counts[at]++;
    series.count++;
    series.value += value;
    this.onRecord?.(value, series.labels);
  }
}
