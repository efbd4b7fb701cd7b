import { expect } from "vitest";
import type { TaskState } from "../../src/lifecycle/states.ts";
import {
  decideTriggerRule,
  TRIGGER_RULES,
  type TriggerRule,
  type UpstreamCounts,
} from "../../src/readiness/trigger-rule.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { resume } from "./given-runs.ts";
import { scriptedDag, type TaskScript, withForcedRule } from "./scripted-dag.ts";
import { type GroupReader, run, unknown } from "./verdict.ts";

type RawCounts = Readonly<
  Partial<
    Record<
      | "success"
      | "skipped"
      | "failed"
      | "upstream_failed"
      | "removed"
      | "done"
      | "success_setup"
      | "skipped_setup"
      | "total",
      number
    >
  >
>;

interface RuleCase extends AirflowCase {
  readonly rule: string;
  readonly counts: RawCounts;
  readonly expect: string;
  readonly synthetic?: boolean;
  readonly ti_map_index?: number;
  readonly work?: number;
  readonly setup?: number;
  readonly flag_upstream_failed?: boolean;
}

const fields = [
  "rule",
  "counts",
  "expect",
  "synthetic",
  "ti_map_index",
  "work",
  "setup",
  "flag_upstream_failed",
  "wait_for_past_depends_before_skipping",
  "past_depends_met",
] as const;
const decisions = ["run", "wait", "skipped", "upstream_failed", "removed"];

/** Counts and what a rule makes of them: asked of the rule itself and, where such upstreams can be had, of the engine. */
export const readTriggerRules: GroupReader = (fact) => {
  if (!hasOnly(fact, ...fields) || typeof fact.rule !== "string" || typeof fact.counts !== "object") return unknown;
  const rule = fact as RuleCase;
  const wanted = String(rule.expect).split(/[ (]/)[0];
  if (!decisions.includes(wanted)) return unknown;
  return run(async () => {
    checkRule(rule, wanted);
    const upstreams = upstreamsOf(rule);
    if (upstreams) await checkEngine(rule, upstreams, wanted);
  });
};

function checkRule(fact: RuleCase, wanted: string): void {
  const { counts, work = 0, setup = 0 } = fact;
  const full: UpstreamCounts = {
    success: counts.success ?? 0,
    failed: counts.failed ?? 0,
    skipped: counts.skipped ?? 0,
    upstreamFailed: counts.upstream_failed ?? 0,
    removed: counts.removed ?? 0,
    done: counts.done ?? 0,
    successSetup: counts.success_setup ?? 0,
    skippedSetup: counts.skipped_setup ?? 0,
  };
  const upstream = counts.total ?? (work + setup || full.done);
  const decision = decideTriggerRule(fact.rule as TriggerRule, full, { upstream, setups: setup }, fact.ti_map_index);
  // Without the scheduler's flag Airflow only tells whether the rule is met.
  if (fact.flag_upstream_failed === false) expect(decision === "run").toBe(wanted === "run");
  else expect(decision).toBe(wanted);
}

type Upstream = readonly [role: "work" | "setup", state: TaskState | null];

/** Real upstream tasks that give these counts; `undefined` where none can. */
function upstreamsOf({ counts, work, setup, synthetic, ti_map_index }: RuleCase): readonly Upstream[] | undefined {
  if (synthetic || ti_map_index !== undefined || counts.removed) return undefined;
  const { success = 0, skipped = 0, failed = 0, upstream_failed = 0, done = 0 } = counts;
  if (work !== undefined && setup !== undefined) return withSetups(counts, work, setup);
  if (success + skipped + failed + upstream_failed !== done) return undefined;
  const states: (TaskState | null)[] = [
    ...Array<TaskState>(success).fill("success"),
    ...Array<TaskState>(skipped).fill("skipped"),
    ...Array<TaskState>(failed).fill("failed"),
    ...Array<TaskState>(upstream_failed).fill("upstream_failed"),
    ...Array<null>(Math.max((counts.total ?? done) - done, 0)).fill(null),
  ];
  return states.map((state) => ["work", state] as const);
}

/** Cases about teardowns count setups apart; which work failed does not matter to them. */
function withSetups(counts: RawCounts, work: number, setup: number): readonly Upstream[] {
  const { success = 0, done = 0, success_setup = 0, skipped_setup = 0 } = counts;
  const goodWork = Math.min(work, Math.max(success - success_setup, 0));
  const doneSetups = Math.max(done - work, 0);
  const failedSetups = Math.max(doneSetups - success_setup - skipped_setup, 0);
  const list = (role: "work" | "setup", state: TaskState | null, count: number): Upstream[] =>
    Array.from({ length: count }, () => [role, state] as const);
  return [
    ...list("work", "success", goodWork),
    ...list("work", "failed", work - goodWork),
    ...list("setup", "success", success_setup),
    ...list("setup", "skipped", skipped_setup),
    ...list("setup", "failed", failedSetups),
    ...list("setup", null, setup - success_setup - skipped_setup - failedSetups),
  ];
}

async function checkEngine(fact: RuleCase, upstreams: readonly Upstream[], wanted: string): Promise<void> {
  const isKnown = (TRIGGER_RULES as readonly string[]).includes(fact.rule);
  const isTeardown = upstreams.some(([role]) => role === "setup");
  const tasks: TaskScript[] = upstreams.map(([role], index) => ({
    id: `up${index}`,
    options: role === "setup" ? { role } : {},
  }));
  tasks.push({
    id: "task",
    options: {
      ...(isKnown ? { triggerRule: fact.rule as TriggerRule } : {}),
      ...(isTeardown ? { role: "teardown" } : {}),
    },
  });
  const plain = scriptedDag(
    "rules",
    tasks,
    upstreams.map((_, index) => [`up${index}`, "task"] as const),
  );
  const states = Object.fromEntries(upstreams.map(([, state], index) => [`up${index}`, state]));
  await using resumed = await resume(isKnown ? plain : withForcedRule(plain, "task", fact.rule), [{ states }]);
  const { task: state } = await resumed.statesOf(0);
  if (fact.flag_upstream_failed === false && wanted !== "run") return;
  if (wanted === "run") expect(resumed.begun).toContain("run 1: task");
  else if (wanted !== "wait") expect(state).toBe(wanted);
  else if (String(fact.expect).includes("deadlock")) expect(await resumed.runState(0)).toBe("failed");
  else expect([state, resumed.begun.includes("run 1: task")]).toEqual(["scheduled", false]);
}
