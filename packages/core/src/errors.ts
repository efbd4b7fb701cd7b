/**
 * Every error that Millrace throws on purpose: a stable code, what happened, and the cure.
 * `{name}` in a text is filled from the values given when the error is made.
 */
const table = {
  // environment
  NODE_TOO_OLD: {
    says: "Millrace needs Node.js {needed} or newer, and this is Node.js {found}",
    cure: "Install a newer Node.js (https://nodejs.org) and start again with it.",
  },
  // authoring
  DAG_INVALID: {
    says: "DAG '{dagId}' has {count} mistake(s):\n{list}",
    cure: "Correct every line of the list; each names its own code.",
  },
  DAG_ID_INVALID: {
    says: "{what} id {id} is not allowed",
    cure: "Use 1 to 200 letters, digits, '_' or '-' (DAG ids may also have dots, but not at the start).",
  },
  RUN_ID_INVALID: {
    says: "Run id {id} is not allowed",
    cure: "Use 1 to 250 letters, digits or any of '_.~:+-', beginning with a letter or digit and without '..'.",
  },
  XCOM_KEY_INVALID: {
    says: "XCom key {key} is not allowed",
    cure: "Use 1 to 250 characters without control characters, none of them '/' or '\\', and neither '.' nor '..'.",
  },
  DAG_OPTION_INVALID: {
    says: "Option '{option}' of {where} is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
  DAG_DUPLICATE_TASK: {
    says: "Task id '{taskId}' is used twice",
    cure: "Rename one of the two; within one DAG (and group) an id names one task.",
  },
  DAG_CYCLE: {
    says: "The tasks form a cycle: {cycle}",
    cure: "Remove one of these dependencies; a DAG has no way back.",
  },
  DAG_FOREIGN_TASK: {
    says: "Task '{taskId}' of DAG '{otherDagId}' is used in DAG '{dagId}'",
    cure: "Use handles of the same DAG only; across DAGs use d.trigger or an external task sensor.",
  },
  DAG_UNKNOWN_TASK: {
    says: "{where} names '{taskId}', which is neither a task nor a group of this DAG",
    cure: "Correct the name or add the task.",
  },
  DAG_TRIGGER_RULE_UNKNOWN: {
    says: "Task '{taskId}' has the unknown trigger rule {rule}",
    cure: "Use one of: {rules}.",
  },
  DAG_SETUP_RULE: {
    says: "Task '{taskId}' follows the setup '{setupId}' directly, but its trigger rule is '{rule}'",
    cure: "A direct downstream of a setup uses 'all_success'; put a task between the two, or drop the rule.",
  },
  DAG_FAIL_FAST_RULE: {
    says: "DAG has failFast, but task '{taskId}' has the trigger rule '{rule}'",
    cure: "With failFast every task except teardowns uses 'all_success'.",
  },
  DAG_TOO_LARGE: {
    says: "DAG has {count} tasks, more than {limit}",
    cure: "Split the DAG, or map one task over a list instead of writing many.",
  },
  DAG_CLOSED: {
    says: "{what} was added to DAG '{dagId}' after its build function had returned",
    cure: "Add every task and dependency inside the build function, and do not make that function async.",
  },
  DAG_BUILD_ASYNC: {
    says: "The build function of {what} returned a promise",
    cure: "Build the DAG synchronously; load what it needs beforehand, or use top-level await in the DAG file.",
  },
  DURATION_INVALID: {
    says: "{value} is not a duration",
    cure: 'Write it like "30s", "5m", "6h", "1d" or "1d12h", as { hours: 6 }, or as a Temporal.Duration; it may not be negative.',
  },
  INSTANT_INVALID: {
    says: "{value} is not an instant",
    cure: "Write an ISO date and time with offset or zone (2026-10-22T02:00:00Z), a bare date, or give a Temporal.Instant or ZonedDateTime.",
  },
  TIMEZONE_INVALID: {
    says: "{value} is not a time zone that this Node knows",
    cure: "Use an IANA name such as 'Europe/Berlin' or 'UTC'.",
  },
  PARAMS_INVALID: {
    says: "The params of DAG '{dagId}' do not fit its schema:\n{list}",
    cure: "Correct the params named; `millrace dags show {dagId}` shows the DAG.",
  },
  POOL_UNKNOWN: {
    says: "Task '{taskId}' of DAG '{dagId}' takes slots of the pool '{pool}', which does not exist",
    cure: 'Add it with its number of slots to the config, pools: { "{pool}": 4 }, or to `pools` of createEngine.',
  },
  // running
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
  TASK_THREAD_EXITED: {
    says: "Task '{taskId}' ended its thread with exit code {exitCode}",
    cure: "Return a result or throw an error instead of calling process.exit.",
  },
  TASK_OUT_OF_MEMORY: {
    says: "Task '{taskId}' needed more than the {limitMb} MB of memory that a thread may have",
    cure: "Work in smaller pieces or pass streams, or raise `threads.maxMemoryMb` of createEngine.",
  },
  TASK_UNCAUGHT: {
    says: "Task '{taskId}' threw an error where nobody could catch it: {why}",
    cure: "Await every promise that the task makes, and give streams and emitters a listener for 'error'.",
  },
  TASK_KILLED: {
    says: "Task '{taskId}' went on for {grace} after it was told to stop, so its thread was ended",
    cure: "Honour `signal`, and leave loops now and then so that it can be seen; or raise `killGrace` of createEngine.",
  },
  THREAD_FAILED: {
    says: "The thread of task '{taskId}' failed: {why}",
    cure: "See the cause; the engine and its other tasks go on.",
  },
  THREAD_CALL_REFUSED: {
    says: "A thread asked the engine for {name}, which it does not give to threads",
    cure: "Use the context that the task is given and nothing beside it.",
  },
  THREAD_CODE_MISSING: {
    says: "Task '{taskId}' of DAG '{dagId}' is to run in a thread, but the DAG comes from no file that a thread could load",
    cure: "Put the DAG into a file of its own and load it with loadDags, or use isolation: 'inline'.",
  },
  THREAD_CODE_CHANGED: {
    says: "DAG '{dagId}', loaded again in a thread, has no task '{taskId}' in its place",
    cure: "Let the DAG file define the same DAG whenever and wherever it is loaded: not by time, chance or variables of the environment.",
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
  // XCom
  XCOM_UNSUPPORTED: {
    says: "The value at {path} is {what} and cannot be passed between tasks",
    cure: "Pass JSON values, Date, bigint, Map, Set, Uint8Array or Temporal values; turn anything else into one of these, and leave absent keys out instead of undefined.",
  },
  XCOM_TOO_DEEP: {
    says: "The value is nested deeper than {limit} levels, at {path}",
    cure: "Flatten the value, or pass it as a file or a stream.",
  },
  STATE_KEY_INVALID: {
    says: "{key} cannot be a key of a task's state",
    cure: "Use a text of 1 to 500 characters without control characters.",
  },
  STATE_TOO_LARGE: {
    says: "The state under {key} takes {sizeBytes} bytes, more than {limit}",
    cure: "Keep a position or a path there, and the data in an XCom or a file.",
  },
  XCOM_TOO_LARGE: {
    says: "XCom '{key}' of task '{taskId}' takes {sizeBytes} bytes, more than {limit}",
    cure: "Use xcom.pushStream, a data-set reference or a file backend, or raise xcom.maxValueBytes.",
  },
  XCOM_TIMEOUT: {
    says: "XCom '{key}' of task '{taskId}' was not {what} within {timeout}: a part of the XCom backend hangs",
    cure: "See what the part waits for, or raise xcom.timeout of createEngine; the attempt counts as failed.",
  },
  XCOM_NOT_FOUND: {
    says: "Task '{taskId}' has pushed no XCom '{key}' in run '{runId}'",
    cure: "Check key and task, or give xcom.pull a default.",
  },
  XCOM_CORRUPT: {
    says: "XCom '{key}' of task '{taskId}' cannot be read back ({sizeBytes} bytes): {why}",
    cure: "Clear the task that pushed it, so that it is written again.",
  },
  XCOM_WRONG_KIND: {
    says: "XCom '{key}' of task '{taskId}' is {what}",
    cure: "Read it with {how}.",
  },
  XCOM_READER_MISSING: {
    says: "XCom '{key}' of task '{taskId}' was written by a part with the marker '{marker}', and no part named in the config reads it",
    cure: "Add the package that writes '{marker}' to xcom.parts (with its options), so that it can read what it wrote.",
  },
  XCOM_STACK_INVALID: {
    says: "The XCom backend is put together wrongly: {why}",
    cure: "List the stages in the order of writing, compression before encryption, and at most one place, last.",
  },
  // store
  STORE_CLOSED: {
    says: "The store is closed",
    cure: "Open a new one.",
  },
  STORE_MISSING: {
    says: "There is no store at {path}",
    cure: "Check the path, or start an engine there, which makes it.",
  },
  STORE_LOCKED: {
    says: "Another engine is working on {path}",
    cure: "Stop it first, or give this one a store of its own.",
  },
  STORE_BUSY: {
    says: "{path} stayed locked by another program for {waitedMs} ms",
    cure: "Close the program that holds it open for writing.",
  },
  STORE_FULL: {
    says: "There is no room left to write {path}",
    cure: "Free disk space; nothing recorded so far is lost.",
  },
  STORE_READ_ONLY: {
    says: "{path} cannot be written",
    cure: "Give this user write permission on the folder and the file, or choose another place (MILLRACE_HOME, store.path).",
  },
  STORE_CORRUPT: {
    says: "{path} is not a readable database: {why}",
    cure: "Restore it from a backup, or move it away to begin anew; the file was left as it is.",
  },
  STORE_NEWER: {
    says: "{path} was written by a newer Millrace (schema {found}, this one knows {known})",
    cure: "Update Millrace; the file was left as it is.",
  },
  STORE_DEVICE_FAILED: {
    says: "The device of {path} could not keep what was written: {why}",
    cure: "Look at the disk and the system's log before anything is started again: what was written last may be lost if power fails.",
  },
  STORE_FAILED: {
    says: "The store failed: {why}",
    cure: "See the cause; nothing of the group that failed was recorded.",
  },
  // config and loading
  CONFIG_INVALID: {
    says: "{path} is not a valid configuration:\n{list}",
    cure: "Correct the settings and variables named, each in its place.",
  },
  SETTING_INVALID: {
    says: "{setting} is {value}, but {expected}",
    cure: "Give the setting a value of the stated kind.",
  },
  SETTING_UNKNOWN: {
    says: "{setting} is no setting",
    cure: "Remove it, or use one of: {known}.",
  },
  SETTING_KEY_REFUSED: {
    says: "{setting} is a key that may not be used",
    cure: "Remove it; '__proto__', 'constructor' and 'prototype' could reach into other objects.",
  },
  CONFIG_NOT_FOUND: {
    says: "There is no configuration file at {path}",
    cure: "Run `millrace init`, or give --config the right path.",
  },
  CONFIG_LOAD_FAILED: {
    says: "{path} could not be loaded: {why}",
    cure: "Correct the file; the place is in the cause.",
  },
  PLUGIN_NOT_FOUND: {
    says: "Package '{name}' is not installed for {from}",
    cure: "Install it there: npm install {name}",
  },
  PLUGIN_INVALID: {
    says: "'{name}' is no Millrace plug-in for {kind}: {why}",
    cure: "Check the name and its version; a plug-in exports a manifest of that kind.",
  },
  PLUGIN_OPTIONS_INVALID: {
    says: "The options of '{name}' do not fit its schema:\n{list}",
    cure: "Correct the options named, in the config file or in the environment.",
  },
  PLUGIN_FAILED: {
    says: "'{name}' could not be set up: {why}",
    cure: "Correct its options or the package; the cause tells more.",
  },
  DAGS_FOLDER_MISSING: {
    says: "There is no folder of DAG files at {path}",
    cure: "Make it, run `millrace init`, or set `dags` in the config (MILLRACE_DAGS) to the folder that holds them.",
  },
  DAG_FILE_IMPORT_MISSING: {
    says: "{path} imports '{specifier}', which is not there",
    cure: "Install the package, or correct the path.",
  },
  DAG_FILE_TOO_LARGE: {
    says: "{path} takes {what}, more than {limit}",
    cure: "Take data out of the code, or import large libraries as packages: these are not made part of the bundle.",
  },
  BUNDLE_HASH_INVALID: {
    says: "A {type} of {length} characters is not the hash of a bundle",
    cure: "Use the 64 hexadecimal digits that bundleOfDag gives.",
  },
  BUNDLE_MISSING: {
    says: "There is no bundle {hash} in {folder}",
    cure: "Bring the folder back from a backup, or start the run anew with the DAG as it is now.",
  },
  BUNDLE_CORRUPT: {
    says: "Bundle {path} ({sizeBytes} bytes) is not what was written: {why}",
    cure: "Remove it; it is made again if its DAG file has not changed. It was not run.",
  },
  BUNDLE_NOT_KEPT: {
    says: "The bundle of {path} could not be written to {folder}: {why}",
    cure: "Give this user write permission and room there, or choose another place (MILLRACE_HOME).",
  },
  BUNDLE_LACKS_DAG: {
    says: "Bundle {hash} of {path} exports no DAG '{dagId}'",
    cure: "Check the id; a bundle holds the DAGs that its file exported when it was made.",
  },
  BUNDLER_FAILED: {
    says: "The bundler (esbuild) could not work: {why}",
    cure: "Install the packages again, with optional ones (no --omit=optional), on this machine.",
  },
  DAG_DEFINED_TWICE: {
    says: "DAG '{dagId}' is defined in {path} and in {first}",
    cure: "Rename one of them; the one in {first} is used.",
  },
  DAG_FILE_FAILED: {
    says: "{path} could not be loaded: {why}",
    cure: "Correct the file; the other files are loaded all the same.",
  },
  DAG_FILE_EMPTY: {
    says: "{path} exports no DAG",
    cure: "Export what dag(...) returns, as default or by name, or keep helper modules outside the dags folder.",
  },
} as const satisfies Record<string, ErrorEntry>;

/** What a code says and how the trouble is cured; `{name}` is filled from the error's values. */
export interface ErrorEntry {
  readonly says: string;
  readonly cure: string;
}

/** Codes of errors thrown by `@millrace/core`. Packages add their own with {@link defineErrors}. */
export type CoreErrorCode = keyof typeof table;

/** Values that fill an error's text. Secrets and user data have no place here: give path, type and size. */
export type ErrorValues = Readonly<Record<string, string | number | undefined>>;

export interface MillraceErrorOptions {
  readonly cause?: unknown;
  readonly issues?: readonly MillraceError[];
}

const brand = Symbol.for("millrace.error");

/**
 * The one error class of Millrace. Tell errors apart by `code`, across packages and copies of a package:
 * `isMillraceError(error) && error.code === "DAG_NOT_FOUND"`.
 */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  readonly code: string;
  /** What to do about it, in one sentence. */
  readonly cure: string;
  readonly values: ErrorValues;
  /** The single mistakes, where one error reports several. */
  readonly issues: readonly MillraceError[];

  constructor(code: string, entry: ErrorEntry, values: ErrorValues = {}, options?: MillraceErrorOptions) {
    super(fill(entry.says, values), options);
    this.issues = options?.issues ?? [];
    this.code = code;
    this.cure = fill(entry.cure, values);
    this.values = values;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link MillraceError} of any copy of Millrace, of this code if one is given. */
export function isMillraceError(error: unknown, code?: string): error is MillraceError {
  return (
    typeof error === "object" &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as unknown as MillraceError).code === code)
  );
}

/**
 * Makes the error function of a package from its own table, so that its codes and cures stand in one place.
 *
 * @example
 * ```ts
 * import { defineErrors } from "@millrace/core/plugin";
 * const failure = defineErrors({ KEY_MISSING: { says: "Key '{id}' is missing", cure: "Add it to the keyring." } });
 * console.log(failure("KEY_MISSING", { id: "k1" }).message); // Key 'k1' is missing
 * ```
 */
export function defineErrors<T extends Readonly<Record<string, ErrorEntry>>>(entries: T) {
  return (code: keyof T & string, values?: ErrorValues, options?: MillraceErrorOptions): MillraceError =>
    new MillraceError(code, entries[code], values, options);
}

/** The error of a code of core. */
export const coreError = defineErrors(table);

/** Core's codes with their texts, for documentation. */
export const coreErrorTable: Readonly<Record<CoreErrorCode, ErrorEntry>> = table;

function fill(text: string, values: ErrorValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

/** A value as it may be shown in a message: quoted, without control characters, so many characters at most. Never throws. */
export function shown(value: unknown, longest = 80): string {
  let text: string;
  try {
    text = textOf(value, longest);
  } catch {
    text = "something that throws when it is read";
  }
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
  return plain.length > longest ? `${plain.slice(0, longest - 3).toWellFormed()}...` : plain.toWellFormed();
}

function textOf(value: unknown, longest: number): string {
  // A long text is not quoted as a whole only to be cut.
  if (typeof value === "string") return JSON.stringify(value.slice(0, longest + 1));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const type: unknown = value.constructor?.name;
  return `an object of type ${typeof type === "string" && type !== "" ? type : "unknown"}`;
}

/** What `message` of anything thrown would be. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return "something that throws when it is read";
  }
}
