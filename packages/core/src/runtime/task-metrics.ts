import type { MetricLabels, TaskMetrics } from "../authoring/context.ts";
import { coreError, shown } from "../errors.ts";
import type { TaskMetricSample } from "../observe/metrics/task-metric-sink.ts";

const nameRule = /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/;
/** Labels that every metric of a task has anyway, and those of the page itself. */
const ownLabels = ["dag", "task", "le", "quantile"];

/**
 * Metrics as one attempt sees them: names are checked here, in the author's own call; values go on as plain data.
 *
 * @throws `METRIC_NAME_INVALID` from each of its functions
 */
export function taskMetrics(record: (sample: TaskMetricSample) => void): TaskMetrics {
  const none = {};
  const send = (sample: Omit<TaskMetricSample, "labels">, labels: MetricLabels = none): void => {
    for (const label of Object.keys(labels)) {
      checkName(label, "label");
      if (ownLabels.includes(label) || label.startsWith("__")) throw wrongName(label, "label");
    }
    const texts = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
    record({ ...sample, labels: texts });
  };
  return {
    counter(name, { help } = none) {
      checkName(name, "metric");
      return { add: (value = 1, labels) => send({ kind: "counter", name, value, help }, labels) };
    },
    gauge(name, { help } = none) {
      checkName(name, "metric");
      return { set: (value, labels) => send({ kind: "gauge", name, value, help }, labels) };
    },
    histogram(name, { help, buckets } = none) {
      checkName(name, "metric");
      return { record: (value, labels) => send({ kind: "histogram", name, value, help, buckets }, labels) };
    },
  };
}

function checkName(name: unknown, what: "metric" | "label"): void {
  if (typeof name !== "string" || !nameRule.test(name)) throw wrongName(name, what);
}

function wrongName(name: unknown, what: "metric" | "label") {
  return coreError("METRIC_NAME_INVALID", { what, name: shown(name) });
}
