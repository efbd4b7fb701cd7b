/** Backfills: past dates of a schedule, on purpose, at their own pace. */
export type { BackfillProgress, StoredSpec } from "./control/backfill-progress.ts";
export {
  type BackfillServiceOptions,
  backfillService,
  type CancelBackfillOptions,
} from "./control/backfill-service.ts";
export {
  type BackfillFilter,
  type BackfillItemFilter,
  type Backfills,
  backfills,
  readBackfills,
  remoteBackfills,
} from "./control/backfills.ts";
export type { CreateBackfillOptions } from "./control/create-backfill.ts";
export { type PreviewOptions, previewBackfill } from "./control/preview-backfill.ts";
export type { DateCalendar, DateSelector, PlainDateSelector } from "./dates/date-selector.ts";
export { type ParseDatesOptions, parseDateSelectors } from "./dates/parse-date-selectors.ts";
export { type BackfillErrorCode, backfillErrorTable } from "./errors.ts";
export { manifest } from "./manifest.ts";
export { compareBackfillPlans, type PlanDifference } from "./plan/compare-plans.ts";
export { planBackfill } from "./plan/plan-backfill.ts";
export type { BackfillSpec, PlanBackfillOptions } from "./plan/plan-options.ts";
export type * from "./plan/planned-run.ts";
export type { PerRun } from "./plan/run-settings.ts";
