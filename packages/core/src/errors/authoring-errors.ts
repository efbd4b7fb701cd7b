import type { ErrorEntry } from "../errors.ts";

/** Mistakes in what authors of DAGs write, and in what the machine is. */
export const authoringErrors = {
  NODE_TOO_OLD: {
    says: "Millrace needs Node.js {needed} or newer, and this is Node.js {found}",
    cure: "Install a newer Node.js (https://nodejs.org) and start again with it.",
  },
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
    cure: "Use 1 to 250 letters, digits or any of '_.~:+-', beginning with a letter or digit and without '..'; 'scheduled__' and 'backfill__' begin the engine's own ids.",
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
    says: "{value} is not a time zone that this Node knows (time zone data {version})",
    cure: "Use an IANA name, here '{example}'; a zone that is newer than this Node needs a newer Node.",
  },
  CRON_INVALID: {
    says: "{value} is not a cron expression: {why}",
    cure: "Write five fields (minute hour day month weekday), six with seconds in front, seven with the year behind, or a preset such as '@daily'. A step needs a range: '5-59/10', not '5/10'.",
  },
  CRON_NEVER: {
    says: "Cron expression {value} means no time at all{where}",
    cure: "Correct its day, month, weekday or year; 30 February, for example, does not exist. A time that clocks always skip needs gap: 'shift'.",
  },
  JITTER_WITHOUT_SEED: {
    says: "A timetable with jitter was asked for its runs before it belongs to a DAG, whose id is the seed",
    cure: 'Use the schedule of the DAG (`dag.schedule`), or give a seed: jitter: { max: "5m", seed: "…" }.',
  },
  PERIOD_INVALID: {
    says: "{value} is no period of a schedule: {why}",
    cure: 'Write a duration such as "6h", or a period of the calendar such as { months: 1 }.',
  },
  TIMETABLE_NOT_COMBINABLE: {
    says: "{what} cannot take the timetable '{timetable}': {why}",
    cure: "Combine timetables of one kind: cron, every and others that have data intervals, or cronTrigger, everyTrigger and events. In an own timetable, ask the others in `next`.",
  },
  EVENTS_INVALID: {
    says: "events(...) was given {value}: {why}",
    cure: "Give a list of instants (ISO text with offset or zone, a bare date, or Temporal values).",
  },
  CALENDAR_INVALID: {
    says: "{value} has no place in a calendar",
    cure: 'Holidays are "2026-12-25", or "12-25" for every year; weekends are numbers from 1 (Monday) to 7, at most six; a calendar has a method has(date).',
  },
  TIMETABLE_FAILED: {
    says: "The timetable '{timetable}' could not be asked for its next run: {why}",
    cure: "Correct the timetable: next({ lastInterval, earliest, latest, catchup, now }) gives { interval, runAfter } or null. The DAG has no scheduled runs until then.",
  },
  CATCHUP_INVALID: {
    says: "{value} is no catchup setting: {why}",
    cure: 'Use true, false, or an object such as { since: "2026-10-01", maxRuns: 100, window: "6h" }.',
  },
  PARAMS_INVALID: {
    says: "The params of DAG '{dagId}' do not fit its schema:\n{list}",
    cure: "Correct the params named; `millrace dags show {dagId}` shows the DAG.",
  },
  POOL_UNKNOWN: {
    says: "Task '{taskId}' of DAG '{dagId}' takes slots of the pool '{pool}', which does not exist",
    cure: 'Add it with its number of slots to the config, pools: { "{pool}": 4 }, or to `pools` of createEngine.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
