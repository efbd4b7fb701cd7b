import type { MetricFamily, Series } from "./metric-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { metricTable } from "./metric-table.ts";

/** The metrics that have a DAG's label; one set for the engine. */
export interface DagFamilies {
  readonly runs: MetricFamily;
  readonly runSeconds: MetricFamily;
  readonly firstTaskSeconds: MetricFamily;
  readonly tasks: MetricFamily;
  readonly taskSeconds: MetricFamily;
  readonly attempts: MetricFamily;
  readonly retries: MetricFamily;
  readonly lostAttempts: MetricFamily;
  readonly xcomBytes: MetricFamily;
  readonly logLinesDropped: MetricFamily;
}

export function defineDagFamilies(registry: MetricRegistry): DagFamilies {
  return {
    runs: registry.define(metricTable.runs),
    runSeconds: registry.define(metricTable.runSeconds),
    firstTaskSeconds: registry.define(metricTable.firstTaskSeconds),
    tasks: registry.define(metricTable.tasks),
    taskSeconds: registry.define(metricTable.taskSeconds),
    attempts: registry.define(metricTable.attempts),
    retries: registry.define(metricTable.retries),
    lostAttempts: registry.define(metricTable.lostAttempts),
    xcomBytes: registry.define(metricTable.xcomBytes),
    logLinesDropped: registry.define(metricTable.logLinesDropped),
  };
}

/** The series of one DAG, found once: counting a task is adding to a number. */
export class DagMeter {
  readonly attempts: Series;
  readonly retries: Series;
  readonly lostAttempts: Series;
  readonly xcomBytes: Series;
  readonly logLinesDropped: Series;
  readonly #dag: string;
  readonly #families: DagFamilies;
  readonly #taskSeconds: Series;
  readonly #runSeconds: Series;
  readonly #firstTaskSeconds: Series;
  readonly #tasks: Record<string, Series | undefined> = {};
  readonly #runs: Record<string, Series | undefined> = {};

  constructor(dagId: string, families: DagFamilies) {
    const labels = [dagId];
    this.#dag = dagId;
    this.#families = families;
    this.attempts = families.attempts.series(labels);
    this.retries = families.retries.series(labels);
    this.lostAttempts = families.lostAttempts.series(labels);
    this.xcomBytes = families.xcomBytes.series(labels);
    this.logLinesDropped = families.logLinesDropped.series(labels);
    this.#taskSeconds = families.taskSeconds.series(labels);
    this.#runSeconds = families.runSeconds.series(labels);
    this.#firstTaskSeconds = families.firstTaskSeconds.series(labels);
  }

  taskEnded(state: string): void {
    this.#tasks[state] ??= this.#families.tasks.series([this.#dag, state]);
    this.#tasks[state].value++;
  }

  attemptTook(ms: number): void {
    this.#families.taskSeconds.record(this.#taskSeconds, ms / 1_000);
  }

  firstTaskAfter(ms: number): void {
    this.#families.firstTaskSeconds.record(this.#firstTaskSeconds, ms / 1_000);
  }

  runEnded(state: string, ms: number | undefined): void {
    this.#runs[state] ??= this.#families.runs.series([this.#dag, state]);
    this.#runs[state].value++;
    if (ms !== undefined) this.#families.runSeconds.record(this.#runSeconds, ms / 1_000);
  }
}
