import type { ErrorEntry } from "../errors.ts";

/** What can happen to runs, tasks, requests and the engine itself. */
export const runningErrors = {
  DAG_NOT_FOUND: {
    says: "There is no DAG '{dagId}'",
    cure: "Check the id with `millrace dags list`, or pass the DAG to createEngine({ dags: [...] }).",
  },
  DAG_DUPLICATE: {
    says: "Two DAGs have the id '{dagId}'",
    cure: "Rename one; an id names one DAG in an engine.",
  },
  DAG_VERSION_GONE: {
    says: "Run '{runId}' of DAG '{dagId}' was started by a version of the DAG that is no longer there: {why}",
    cure: "Bring that version of the DAG back, or cancel the run and start it again.",
  },
  RUN_NOT_FOUND: {
    says: "DAG '{dagId}' has no run '{runId}'",
    cure: "See `millrace runs list --dag {dagId}`.",
  },
  RUN_EXISTS: {
    says: "DAG '{dagId}' already has the run '{runId}' (same {by})",
    cure: "Use that run, or choose another run id, date or idempotency key.",
  },
  RUN_BLOCKED: {
    says: "Run '{runId}' of DAG '{dagId}' cannot go on: {why}",
    cure: "Clear or retry what it waits for, then start it again; the run is kept.",
  },
  NOTHING_TO_RETRY: {
    says: "Run '{runId}' of DAG '{dagId}' ({state}) has no task that failed",
    cure: "Clear the tasks that are to run again (`millrace tasks clear`).",
  },
  REQUEST_INVALID: {
    says: "A request of kind '{operation}' could not be carried out: {why}",
    cure: "Use the same version of Millrace on both sides; correct what it says.",
  },
  REQUEST_NAME_INVALID: {
    says: "A service cannot answer requests named {operation}",
    cure: "Use a name such as 'backfill.pause' (letters and '-', one dot) that no other service of the engine answers.",
  },
  REQUEST_TOO_LARGE: {
    says: "The {what} of a run of DAG '{dagId}' have {size} characters as JSON, more than {limit}",
    cure: "Pass where the data is, a path or a key, and let a task read it.",
  },
  REQUEST_NOT_ANSWERED: {
    says: "The engine has not answered the request '{operation}' (number {requestNo}) within {seconds} s",
    cure: "The request is kept and will be done; see whether `millrace start` is still alive and what its log says.",
  },
  POOL_INVALID: {
    says: "A pool cannot have {what}",
    cure: "A name has letters, digits, '_', '-' and '.'; slots are a whole number, 0 to close the pool for a while.",
  },
  BACKFILL_ITEM_REFUSED: {
    says: "Item {itemNo} of backfill number {backfillNo} has got no run: {why}",
    cure: "Take the items in their order, while the backfill runs.",
  },
  SERVICE_START_FAILED: {
    says: "The service '{name}' did not start: {why}",
    cure: "Mend what it says, or leave the service out; the engine was not started.",
  },
  SERVICE_LATE: {
    says: "It took longer than {seconds} s to {what}",
    cure: "See what the service waits for.",
  },
  TASK_POISON: {
    says: "Task '{taskId}' was being attempted {crashes} times when its process died",
    cure: "Find out what in it ends the process (process.exit, memory, a native crash), or isolate it in a thread; then clear it.",
  },
  TASK_NOT_FOUND: {
    says: "DAG '{dagId}' has no task '{taskId}'",
    cure: "See `millrace dags show {dagId}` for its tasks.",
  },
  TASK_TIMEOUT: {
    says: "Task '{taskId}' ran longer than its executionTimeout of {timeout}",
    cure: "Raise executionTimeout, or make the task faster; honour `signal` so that it stops in time.",
  },
  TASK_THREW_NON_ERROR: {
    says: "Task '{taskId}' threw a value of type {type} that is not an Error",
    cure: 'Throw an Error, or fail("reason") for a failure without retry.',
  },
  EVENT_NAME_INVALID: {
    says: "{event} cannot name an event that tasks await",
    cure: "Use a text of 1 to 500 characters without control characters that does not begin with 'millrace:'.",
  },
  TASK_OUTCOME_INVALID: {
    says: "Task '{taskId}' ended in a way it may not: {why}",
    cure: "Correct the task as the message says.",
  },
  BRANCH_CHOICE_INVALID: {
    says: "Branch '{taskId}' chose {choice}, which is not one of: {choices}",
    cure: "Return one of the choices, a list of them, or null for none.",
  },
  MAP_SOURCE_INVALID: {
    says: "'{taskId}' maps over a value of type {type}",
    cure: "Map over an array or a plain object: what the upstream returns, or the list given.",
  },
  MAP_TOO_LONG: {
    says: "'{taskId}' would be mapped over {length} elements, more than {limit}",
    cure: "Map over batches, or raise maxMapLength.",
  },
  SHELL_FAILED: {
    says: "Command of task '{taskId}' ended with {how}",
    cure: "See the task's log for what it printed (`millrace tasks logs`).",
  },
  TRIGGERED_RUN_FAILED: {
    says: "Run '{runId}' of DAG '{dagId}', which this task started, ended as '{state}'",
    cure: "See that run; clear this task when it is mended.",
  },
  METRIC_NAME_INVALID: {
    says: "{name} cannot name a {what}",
    cure: "Use letters, digits and '_', not beginning with a digit; the labels 'dag', 'task', 'le' and 'quantile' and those beginning with '__' are taken.",
  },
  METRIC_EXPORT_FAILED: {
    says: "OpenTelemetry threw when it was told a metric; the engine goes on",
    cure: "Correct the meter provider that the program registers; this is said once, and a metric counts how often it happens.",
  },
  LISTENER_FAILED: {
    says: "A listener of the engine {what}; the engine and the other listeners go on",
    cure: "Correct the listener; this is said once for each, and metrics count how often it happens.",
  },
  ENGINE_CLOSED: {
    says: "The engine is closed",
    cure: "Create a new one with createEngine.",
  },
  ENGINE_STOPPED: {
    says: "The engine stopped because its store could not be written for {seconds} s: {why}",
    cure: "Mend the store (see the cause), then start again; everything recorded so far is kept and runs resume.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
