/** Backfills: past dates of a schedule, on purpose, at their own pace. */
export type { DateCalendar, DateSelector, PlainDateSelector } from "./dates/date-selector.ts";
export { type ParseDatesOptions, parseDateSelectors } from "./dates/parse-date-selectors.ts";
export { type BackfillErrorCode, backfillErrorTable } from "./errors.ts";
export { planBackfill } from "./plan/plan-backfill.ts";
export type { BackfillSpec, PlanBackfillOptions } from "./plan/plan-options.ts";
export type * from "./plan/planned-run.ts";
export type { PerRun } from "./plan/run-settings.ts";
