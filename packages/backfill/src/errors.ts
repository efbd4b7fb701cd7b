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
  BACKFILL_CALENDAR_INVALID: {
    says: "A calendar cannot be used: {why}",
    cure: "Give an iCalendar (.ics) text of at most 4 MiB, or a list of dates, one on each line.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type BackfillErrorCode = keyof typeof backfillErrorTable;

/** The error of a code of this package. */
export const backfillError = defineErrors(backfillErrorTable);
