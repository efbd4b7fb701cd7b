/** When a task may start, told from the states of the tasks right before it. Names and meaning are Airflow's. */
export type TriggerRule =
  | "all_success"
  | "all_failed"
  | "all_done"
  | "all_skipped"
  | "one_success"
  | "one_failed"
  | "one_done"
  | "none_failed"
  | "none_failed_min_one_success"
  | "none_skipped"
  | "all_done_min_one_success"
  | "all_done_setup_success"
  | "always";

export const TRIGGER_RULES: readonly TriggerRule[] = [
  "all_success",
  "all_failed",
  "all_done",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed",
  "none_failed_min_one_success",
  "none_skipped",
  "all_done_min_one_success",
  "all_done_setup_success",
  "always",
];

/** How many of the upstream task instances have ended, and how. */
export interface UpstreamCounts {
  success: number;
  failed: number;
  skipped: number;
  upstreamFailed: number;
  removed: number;
  /** All that have ended. */
  done: number;
  /** Of the successes and skips, those of setup tasks. */
  successSetup: number;
  skippedSetup: number;
}

/** What there is to count. */
export interface UpstreamTotals {
  readonly upstream: number;
  readonly setups: number;
}

/** What a rule decides: start, wait, or never start and end in this state. */
export type RuleDecision = "run" | "wait" | "skipped" | "upstream_failed" | "removed";

/**
 * Decides a trigger rule from counts. A rule that cannot hold any more decides at once, without waiting for the rest.
 * A task that nothing stands before starts under every rule.
 *
 * @param mapIndex - index of a mapped instance, -1 otherwise: removed upstream indices count only for mapped ones
 * @throws nothing; an unknown rule waits for ever, so validate rules beforehand
 */
export function decideTriggerRule(
  rule: TriggerRule,
  counts: UpstreamCounts,
  totals: UpstreamTotals,
  mapIndex = -1,
): RuleDecision {
  const { success, failed, skipped, upstreamFailed, done } = counts;
  const removed = mapIndex >= 0 ? counts.removed : 0;
  const { upstream } = totals;
  const bad = failed + upstreamFailed;
  const allDone = done >= upstream;
  if (upstream === 0 && done === 0) return "run";
  switch (rule) {
    case "all_success":
      if (bad > 0) return "upstream_failed";
      if (skipped > 0) return "skipped";
      if (removed > 0 && success > 0 && mapIndex >= success) return "removed";
      return upstream - success - removed > 0 ? "wait" : "run";
    case "all_failed":
      if (success > 0 || skipped > 0) return "skipped";
      return upstream - bad - removed > 0 ? "wait" : "run";
    case "all_done":
      return allDone ? "run" : "wait";
    case "all_skipped":
      if (success > 0 || bad > 0) return "skipped";
      return upstream - skipped - removed > 0 ? "wait" : "run";
    case "one_success":
      if (success > 0) return "run";
      if (!allDone) return "wait";
      return done === skipped ? "skipped" : "upstream_failed";
    case "one_failed":
      if (bad > 0) return "run";
      return allDone ? "skipped" : "wait";
    case "one_done":
      if (success + failed > 0) return "run";
      return allDone ? "skipped" : "wait";
    case "none_failed":
      if (bad > 0) return "upstream_failed";
      return upstream - success - skipped - removed > 0 ? "wait" : "run";
    case "none_failed_min_one_success":
      if (bad > 0) return "upstream_failed";
      if (skipped === upstream) return "skipped";
      return upstream - success - skipped - removed > 0 ? "wait" : "run";
    case "none_skipped":
      if (skipped > 0) return "skipped";
      return allDone ? "run" : "wait";
    case "all_done_min_one_success":
      // A skipped upstream does not count as done for this rule, so it can never be met then.
      if (skipped > 0) return "skipped";
      if (!allDone) return "wait";
      return success > 0 ? "run" : "upstream_failed";
    case "all_done_setup_success":
      if (!allDone) return "wait";
      if (totals.setups === 0 || counts.successSetup > 0) return "run";
      return counts.skippedSetup >= totals.setups ? "skipped" : "upstream_failed";
    case "always":
      return "run";
    default:
      return "wait";
  }
}
