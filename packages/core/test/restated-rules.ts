import type { RuleDecision, TriggerRule } from "../src/readiness/trigger-rule.ts";

/** How an upstream stands: `?` has not ended. */
export type Upstream = "?" | "success" | "failed" | "skipped" | "upstream_failed";

export const endings: readonly Upstream[] = ["success", "failed", "skipped", "upstream_failed"];

const isBad = (state: Upstream): boolean => state === "failed" || state === "upstream_failed";

/** What each rule asks of upstreams that have all ended, in words of lists instead of counts. */
const holds: Readonly<Record<string, (upstreams: readonly Upstream[]) => boolean>> = {
  all_success: (list) => list.every((state) => state === "success"),
  all_failed: (list) => list.every(isBad),
  all_done: () => true,
  all_skipped: (list) => list.every((state) => state === "skipped"),
  one_success: (list) => list.includes("success"),
  one_failed: (list) => list.some(isBad),
  one_done: (list) => list.some((state) => state === "success" || state === "failed"),
  none_failed: (list) => !list.some(isBad),
  none_failed_min_one_success: (list) => !list.some(isBad) && list.includes("success"),
  none_skipped: (list) => !list.includes("skipped"),
  all_done_min_one_success: (list) => !list.includes("skipped") && list.includes("success"),
  always: () => true,
};

/** Rules that do not wait for all. */
const eager: readonly TriggerRule[] = ["one_success", "one_failed", "one_done", "always"];

/** What becomes of a task whose rule cannot hold any more. */
function missed(rule: TriggerRule, list: readonly Upstream[]): RuleDecision {
  switch (rule) {
    case "all_success":
    case "none_failed_min_one_success":
      return list.some(isBad) ? "upstream_failed" : "skipped";
    case "none_failed":
      return "upstream_failed";
    case "one_success":
      return list.every((state) => state === "skipped") ? "skipped" : "upstream_failed";
    case "all_done_min_one_success":
      return list.includes("skipped") ? "skipped" : "upstream_failed";
    default:
      return "skipped";
  }
}

/** A rule told another way than the engine tells it: by looking at everything that may still come. */
export function restatedRule(rule: TriggerRule, list: readonly Upstream[]): RuleDecision {
  const check = holds[rule];
  if (list.length === 0) return "run";
  if (eager.includes(rule) ? check(list) : !list.includes("?") && check(list)) return "run";
  // Of a long list not every way can be looked at; that all are alike behind the first few changes nothing.
  return [...completions(list)].some(check) ? "wait" : missed(rule, list);
}

/** The rule of teardowns: all have ended, and of the setups among them at least one succeeded. */
export function restatedTeardownRule(work: readonly Upstream[], setups: readonly Upstream[]): RuleDecision {
  if (work.length + setups.length === 0) return "run";
  if ([...work, ...setups].includes("?")) return "wait";
  if (setups.length === 0 || setups.includes("success")) return "run";
  return setups.every((state) => state === "skipped") ? "skipped" : "upstream_failed";
}

/** Every way in which what is open may end; no more than four open ones are told apart. */
export function* completions(list: readonly Upstream[]): Generator<readonly Upstream[]> {
  const open = list.flatMap((state, place) => (state === "?" ? [place] : []));
  if (open.length === 0) return yield list;
  if (open.length > 4) {
    for (const state of endings)
      yield* completions(list.map((other, place) => (open.indexOf(place) >= 4 ? state : other)));
    return;
  }
  for (const state of endings) yield* completions(list.with(open[0], state));
}
