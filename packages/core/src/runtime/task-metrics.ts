import type { MetricLabels, TaskMetrics } from "../authoring/context.ts";
import { coreError, shown } from "../errors.ts";
import type { TaskMetricSample } from "../observe/metrics/task-metric-sink.ts";

const nameRule = /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/;
/** Labels of the page itself. */
const pageLabels = ["le", "quantile"];
const labelsOfTasks = ["dag", "task"];

/**
 * Metrics as one attempt or one service sees them: names are checked here, in the author's own call; values go on as plain data.
 *
 * @param ownLabels - those that every one of these metrics has anyway
 * @throws `METRIC_NAME_INVALID` from each of its functions
 */
export function taskMetrics(
  record: (sample: TaskMetricSample) => void,
  ownLabels: readonly string[] = labelsOfTasks,
): TaskMetrics {
  const none = {};
  const send = (sample: Omit<TaskMetricSample, "labels">, labels: MetricLabels = none): void => {
    for (const label of Object.keys(labels)) {
      checkName(label, "label");
      if (ownLabels.includes(label) || pageLabels.includes(label) || label.startsWith("__"))
        throw wrongName(label, "label");
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
