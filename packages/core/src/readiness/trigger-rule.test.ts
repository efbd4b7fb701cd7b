import { describe, expect, test } from "vitest";
import {
  decideTriggerRule,
  type RuleDecision,
  TRIGGER_RULES,
  type TriggerRule,
  type UpstreamCounts,
} from "./trigger-rule.ts";

/** How an upstream stands: `?` has not ended. */
type Upstream = "?" | "success" | "failed" | "skipped" | "upstream_failed";

const ended: readonly Upstream[] = ["success", "failed", "skipped", "upstream_failed"];
const most = 4;

/** All multisets of up to four upstreams. */
function* multisets(of: readonly Upstream[], size: number): Generator<readonly Upstream[]> {
  if (size === 0) return yield [];
  for (const [place, first] of of.entries())
    for (const rest of multisets(of.slice(place), size - 1)) yield [first, ...rest];
}

function* allUpstreams(): Generator<readonly Upstream[]> {
  for (let size = 0; size <= most; size++) yield* multisets(["?", ...ended], size);
}

function countsOf(upstreams: readonly Upstream[]): UpstreamCounts {
  const count = (state: Upstream): number => upstreams.filter((other) => other === state).length;
  return {
    success: count("success"),
    failed: count("failed"),
    skipped: count("skipped"),
    upstreamFailed: count("upstream_failed"),
    removed: 0,
    done: upstreams.length - count("?"),
    successSetup: 0,
    skippedSetup: 0,
  };
}

function decide(rule: TriggerRule, upstreams: readonly Upstream[]): RuleDecision {
  return decideTriggerRule(rule, countsOf(upstreams), { upstream: upstreams.length, setups: 0 });
}

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

/** The rule told another way: by looking at everything that may still come. */
function restated(rule: TriggerRule, list: readonly Upstream[]): RuleDecision {
  const check = holds[rule];
  if (list.length === 0) return "run";
  const isOpen = list.includes("?");
  if (eager.includes(rule) ? check(list) : !isOpen && check(list)) return "run";
  return [...completions(list)].some(check) ? "wait" : missed(rule, list);
}

function* completions(list: readonly Upstream[]): Generator<readonly Upstream[]> {
  const open = list.indexOf("?");
  if (open < 0) return yield list;
  for (const state of ended) yield* completions(list.with(open, state));
}

const rules = TRIGGER_RULES.filter((rule) => rule !== "all_done_setup_success");

describe.each(rules)("%s", (rule) => {
  test("decides as its words say, for every mix of up to four upstreams", () => {
    for (const list of allUpstreams()) expect([list, decide(rule, list)]).toEqual([list, restated(rule, list)]);
  });

  test("never takes back what it has decided, however the rest ends", () => {
    for (const list of allUpstreams()) {
      const now = decide(rule, list);
      if (now === "wait") continue;
      for (const later of completions(list))
        expect([list, later, decide(rule, later) === "run"]).toEqual([list, later, now === "run"]);
    }
  });

  test("decides once all have ended", () => {
    for (const list of allUpstreams()) if (!list.includes("?")) expect(decide(rule, list)).not.toBe("wait");
  });

  test("lets a task start that nothing stands before", () => {
    expect(decide(rule, [])).toBe("run");
  });
});

describe("all_done_setup_success", () => {
  const decideTeardown = (work: readonly Upstream[], setups: readonly Upstream[]): RuleDecision => {
    const counts = countsOf([...work, ...setups]);
    const of = countsOf(setups);
    return decideTriggerRule(
      "all_done_setup_success",
      { ...counts, successSetup: of.success, skippedSetup: of.skipped },
      { upstream: work.length + setups.length, setups: setups.length },
    );
  };

  test("waits for all, then asks whether a setup succeeded; without setups it only waits", () => {
    for (let size = 0; size <= 2; size++)
      for (const work of multisets(["?", ...ended], size))
        for (let setupSize = 0; setupSize <= 3; setupSize++)
          for (const setups of multisets(["?", ...ended], setupSize)) {
            const wanted =
              work.length + setups.length === 0
                ? "run"
                : [...work, ...setups].includes("?")
                  ? "wait"
                  : setups.length === 0 || setups.includes("success")
                    ? "run"
                    : setups.every((state) => state === "skipped")
                      ? "skipped"
                      : "upstream_failed";
            expect([work, setups, decideTeardown(work, setups)]).toEqual([work, setups, wanted]);
          }
  });
});

describe("removed upstream instances", () => {
  const counts = { ...countsOf([]), removed: 2, done: 5 };
  const totals = { upstream: 5, setups: 0 };

  test("a mapped instance beyond the successes that are left is removed as well", () => {
    const decideAt = (mapIndex: number) =>
      decideTriggerRule("all_success", { ...counts, success: 3 }, totals, mapIndex);
    expect([0, 2, 3, 4].map(decideAt)).toEqual(["run", "run", "removed", "removed"]);
  });

  test("they do not stand in the way of a mapped instance, but of others", () => {
    for (const [rule, state] of [
      ["all_failed", "failed"],
      ["none_failed", "success"],
      ["none_failed_min_one_success", "success"],
    ] as const) {
      const some = { ...counts, [state]: 3 };
      expect([rule, decideTriggerRule(rule, some, totals, 3), decideTriggerRule(rule, some, totals)]).toEqual([
        rule,
        "run",
        "wait",
      ]);
    }
  });
});

test("an unknown rule waits for ever", () => {
  expect(decide("sometimes" as TriggerRule, ["success"])).toBe("wait");
});
