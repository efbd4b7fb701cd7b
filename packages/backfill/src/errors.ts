import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const backfillErrorTable = {
  BACKFILL_RANGE_INVALID: {
    says: "The range {from} to {to} of a backfill of DAG '{dagId}' cannot be filled: {why}",
    cure: "Give a `from` that is not after `to` and not in the future.",
  },
  BACKFILL_OPTION_INVALID: {
    says: "Option '{option}' of a backfill is {value}, but {expected}",
    cure: "Correct the option; the README of @millrace/backfill lists them all.",
  },
  BACKFILL_NOT_PERIODIC: {
    says: "DAG '{dagId}' has {schedule}, so there are no dates that a backfill could fill",
    cure: "Give the DAG a schedule with dates (cron, every or events), or start single runs with `millrace run {dagId} --date …`.",
  },
  BACKFILL_PAST_NEEDS_FORWARD: {
    says: "DAG '{dagId}' has tasks that depend on their past, so its dates cannot be filled backward",
    cure: 'Use order "forward": then each run finds the one before it.',
  },
  BACKFILL_PAST_NEEDS_REPROCESS: {
    says: "DAG '{dagId}' has tasks that depend on their past, so a backfill of it must say which runs are run again",
    cure: 'Use reprocess "failed" or "completed": a failed run in between would hold up all that follow.',
  },
  BACKFILL_TOO_LARGE: {
    says: "The range of a backfill of DAG '{dagId}' has more than {limit} dates",
    cure: "Fill it in several backfills with shorter ranges.",
  },
  BACKFILL_PARAMS_ASYNC: {
    says: "The params of DAG '{dagId}' are checked by a schema that answers later, but a plan is made at once",
    cure: "Use a schema without asynchronous checks for the DAG's params.",
  },
  BACKFILL_DATES_INVALID: {
    says: "{value} does not say which dates are meant: {why}",
    cure: "Write a date (2026-01-31), a range (2026-01-01..2026-01-31), weekdays (sat, mon-fri, weekends), cron:EXPRESSION, or the name of a calendar file.",
  },
  BACKFILL_STALE: {
    says: "The preview {digest} of a backfill of DAG '{dagId}' does not hold any more: {difference}",
    cure: "Look at a new preview, and create the backfill from that.",
  },
  BACKFILL_EMPTY: {
    says: "A backfill of DAG '{dagId}' would do nothing: none of its {total} dates gets a run",
    cure: "Look at the plan: it says of each date why it is left alone. Choose another range, or run dates again with `reprocess`.",
  },
  BACKFILL_CONFLICT: {
    says: "The backfill of DAG '{dagId}' cannot begin beside another one: {why}",
    cure: "Wait until that one is done, cancel it, or leave its dates out with `skip`.",
  },
  BACKFILL_REFUSED: {
    says: "The store refused a change of backfill '{backfillId}': {why}",
    cure: "Look at its state with `millrace backfill show {backfillId}`.",
  },
  BACKFILL_NOT_FOUND: {
    says: "There is no backfill '{backfillId}'",
    cure: "See `millrace backfill list`.",
  },
  BACKFILL_STATE: {
    says: "Backfill '{backfillId}' is {state}, so it cannot be {what}",
    cure: "Look at it with `millrace backfill show {backfillId}`; what was cancelled is filled by a new backfill.",
  },
  BACKFILL_NOTHING_FAILED: {
    says: "Backfill '{backfillId}' has no failed run",
    cure: "Runs that were cancelled, or skipped dates, are filled by a new backfill.",
  },
  BACKFILL_SERVICE_MISSING: {
    says: "This engine has no service for backfills that has started",
    cure: 'Pass `services: [backfillService()]` to createEngine and start it with `engine.start()`; for the command, add "@millrace/backfill" to `services` in the config.',
  },
  BACKFILL_CALENDAR_INVALID: {
    says: "A calendar cannot be used: {why}",
    cure: "Give an iCalendar (.ics) text of at most 4 MiB, or a list of dates, one on each line.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type BackfillErrorCode = keyof typeof backfillErrorTable;

/** The error of a code of this package. */
export const backfillError = defineErrors(backfillErrorTable);
