import { describe, expect, test } from "vitest";
import { completions, endings, restatedRule, restatedTeardownRule, type Upstream } from "../../test/restated-rules.ts";
import {
  decideTriggerRule,
  type RuleDecision,
  TRIGGER_RULES,
  type TriggerRule,
  type UpstreamCounts,
} from "./trigger-rule.ts";

const most = 4;

/** All multisets of up to four upstreams. */
function* multisets(of: readonly Upstream[], size: number): Generator<readonly Upstream[]> {
  if (size === 0) return yield [];
  for (const [place, first] of of.entries())
    for (const rest of multisets(of.slice(place), size - 1)) yield [first, ...rest];
}

function* allUpstreams(): Generator<readonly Upstream[]> {
  for (let size = 0; size <= most; size++) yield* multisets(["?", ...endings], size);
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

const rules = TRIGGER_RULES.filter((rule) => rule !== "all_done_setup_success");

describe.each(rules)("%s", (rule) => {
  test("decides as its words say, for every mix of up to four upstreams", () => {
    for (const list of allUpstreams()) expect([list, decide(rule, list)]).toEqual([list, restatedRule(rule, list)]);
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
      for (const work of multisets(["?", ...endings], size))
        for (let setupSize = 0; setupSize <= 3; setupSize++)
          for (const setups of multisets(["?", ...endings], setupSize)) {
            const wanted = restatedTeardownRule(work, setups);
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
