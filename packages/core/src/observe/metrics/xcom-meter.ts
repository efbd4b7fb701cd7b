import type { XComOperation } from "../../xcom/operation.ts";
import type { MetricFamily, Series } from "./metric-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { metricTable } from "./metric-table.ts";

interface PartSeries {
  readonly bytesIn: Series;
  readonly bytesOut: Series;
  readonly seconds: Series;
  readonly outcomes: Record<string, Series | undefined>;
}

/** Counts what the parts of the XCom backend do. The series of a part are found once for each DAG. */
export class XComMeter {
  readonly #operations: MetricFamily;
  readonly #bytesIn: MetricFamily;
  readonly #bytesOut: MetricFamily;
  readonly #seconds: MetricFamily;
  readonly #errors: MetricFamily;
  readonly #parts = new Map<string, PartSeries>();

  constructor(registry: MetricRegistry) {
    this.#operations = registry.define(metricTable.xcomOperations);
    this.#bytesIn = registry.define(metricTable.xcomBytesIn);
    this.#bytesOut = registry.define(metricTable.xcomBytesOut);
    this.#seconds = registry.define(metricTable.xcomSeconds);
    this.#errors = registry.define(metricTable.xcomErrors);
  }

  record({ part, operation, address, bytesIn, bytesOut, durationUs, outcome, code }: XComOperation): void {
    const labels = [address.dagId, part, operation];
    const series = this.#of(labels);
    series.outcomes[outcome] ??= this.#operations.series([...labels, outcome]);
    series.outcomes[outcome].value++;
    this.#seconds.record(series.seconds, durationUs / 1e6);
    if (outcome === "failed") this.#errors.series([part, operation, code ?? "none"]).value++;
    // What was declined went by, and of what failed nobody knows how far it came.
    if (outcome !== "done") return;
    series.bytesIn.value += bytesIn;
    series.bytesOut.value += bytesOut;
  }

  #of(labels: readonly string[]): PartSeries {
    const name = labels.join("\0");
    const known = this.#parts.get(name);
    if (known) return known;
    const series = {
      bytesIn: this.#bytesIn.series(labels),
      bytesOut: this.#bytesOut.series(labels),
      seconds: this.#seconds.series(labels.slice(1)),
      outcomes: {},
    };
    this.#parts.set(name, series);
    return series;
  }
}
