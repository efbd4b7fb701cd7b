import type { MetricDefinition } from "./metric-family.ts";

/** Seconds: from a task that returns at once to one that takes half a day. */
const taskSeconds = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200];
/** Seconds: from a tenth of a millisecond to what stops the engine. */
const engineSeconds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];

/** What an engine measures of itself. docs/metrics.md says the same, and a test holds the two together. */
export const metricTable = {
  runs: counter("millrace_runs_total", "Runs that ended, by how.", ["dag", "state"]),
  runSeconds: histogram("millrace_run_duration_seconds", "From a run's first move to its end.", taskSeconds, ["dag"]),
  firstTaskSeconds: histogram(
    "millrace_first_task_delay_seconds",
    "From a run's creation to its first task.",
    taskSeconds,
    ["dag"],
  ),
  tasks: counter("millrace_tasks_total", "Task instances that ended, by how.", ["dag", "state"]),
  taskSeconds: histogram("millrace_attempt_duration_seconds", "How long attempts of tasks ran.", taskSeconds, ["dag"]),
  attempts: counter("millrace_attempts_total", "Attempts that began.", ["dag"]),
  retries: counter("millrace_retries_total", "Attempts that failed and are made again.", ["dag"]),
  lostAttempts: counter("millrace_lost_attempts_total", "Attempts whose process ended under them.", ["dag"]),
  xcomBytes: counter("millrace_xcom_written_bytes_total", "JSON text of XComs, before any XCom part.", ["dag"]),
  logLinesDropped: counter("millrace_log_lines_dropped_total", "Log lines past the limit of their attempt.", ["dag"]),
  scheduleDelaySeconds: histogram(
    "millrace_schedule_delay_seconds",
    "How much later than due scheduled runs were made.",
    taskSeconds,
  ),
  tickSeconds: histogram("millrace_tick_duration_seconds", "Ticks of the scheduler.", engineSeconds),
  commitSeconds: histogram("millrace_commit_duration_seconds", "Groups of changes written.", engineSeconds),
  commitChanges: histogram(
    "millrace_commit_changes",
    "Changes in each group.",
    [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
  ),
  commitFailures: counter("millrace_commit_failures_total", "Groups that could not be written; they are tried again."),
  loopLagSeconds: histogram(
    "millrace_event_loop_lag_seconds",
    "How much later than asked a timer fired, twice a second while there are runs.",
    engineSeconds,
  ),
  activeRuns: gauge("millrace_active_runs", "Runs that the engine has in memory."),
  runningAttempts: gauge("millrace_running_attempts", "Attempts under way."),
  queued: gauge("millrace_queued_tasks", "Task instances that could start if there were room, by pool.", ["pool"]),
  waiting: gauge("millrace_waiting_tasks", "Task instances that wait for an instant or an event, by state.", ["state"]),
  freeSlots: gauge("millrace_executor_free_slots", "Attempts that the executor would take now."),
  poolSlots: gauge("millrace_pool_slots", "Slots of each pool.", ["pool"]),
  poolUsed: gauge("millrace_pool_used_slots", "Slots in use.", ["pool"]),
  listenerErrors: counter("millrace_listener_errors_total", "Times that a listener threw or rejected."),
  listenerTimeouts: counter("millrace_listener_timeouts_total", "Times that a listener took too long."),
  labelsFolded: counter("millrace_metric_labels_folded_total", "Times that a label value became `other`."),
  xcomPartFailures: counter("millrace_xcom_part_failures_total", "Times that an XCom part failed, by how.", ["reason"]),
  xcomOperations: counter(
    "millrace_xcom_operations_total",
    "What XCom parts did, by how it went; `json` makes texts of values and back, `store` keeps streams in the store.",
    ["dag", "part", "operation", "outcome"],
  ),
  xcomBytesIn: counter("millrace_xcom_in_bytes_total", "Bytes that went into XCom parts that did their work.", [
    "dag",
    "part",
    "operation",
  ]),
  xcomBytesOut: counter("millrace_xcom_out_bytes_total", "Bytes that came out of them.", ["dag", "part", "operation"]),
  xcomSeconds: histogram(
    "millrace_xcom_operation_duration_seconds",
    "How long XCom parts took, without waiting for one another.",
    engineSeconds,
    ["part", "operation"],
  ),
  xcomErrors: counter(
    "millrace_xcom_errors_total",
    "Operations of XCom parts that failed, by the code of the error, `none` where it has none.",
    ["part", "operation", "code"],
  ),
  deadlinesMissed: counter("millrace_deadlines_missed_total", "Runs and tasks that had not ended by their deadline.", [
    "dag",
    "what",
  ]),
  catchupUnreadable: counter(
    "millrace_catchup_unreadable_total",
    "Troubles that were met in reading catchup settings, each once until it was over.",
    ["source"],
  ),
  valuesRefused: counter("millrace_metric_values_refused_total", "Values of tasks' metrics left out, by why.", [
    "reason",
  ]),
  exportErrors: counter("millrace_metric_export_errors_total", "Times that OpenTelemetry threw when told a value."),
} satisfies Readonly<Record<string, MetricDefinition>>;

function counter(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, kind: "counter", help, labels };
}

function gauge(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, kind: "gauge", help, labels };
}

function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
): MetricDefinition {
  return { name, kind: "histogram", help, labels, buckets };
}
