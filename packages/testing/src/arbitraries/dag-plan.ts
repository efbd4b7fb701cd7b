import type { TriggerRule } from "@millrace/core";
import fc from "fast-check";

/** What one attempt of a planned task does. `wait` frees its slot for a while and then goes on. */
export type Deed = "succeed" | "fail" | "fail for good" | "skip" | "wait";

/** A task of a planned DAG: number `n` is the `n`th of the list. */
export interface TaskPlan {
  readonly kind: "task" | "branch" | "short circuit" | "map" | "setup" | "teardown" | "empty";
  /** Numbers of tasks before it, each smaller than its own. */
  readonly upstream: readonly number[];
  readonly rule: TriggerRule;
  /** One per attempt; the last one repeats. */
  readonly deeds: readonly Deed[];
  readonly retries: number;
  /** For a branch: which of the tasks right behind it it chooses, as bits by their place. A short circuit goes on if it is odd. */
  readonly follows: number;
  /** For a mapped task: how many elements, unless it maps over the result of the first task before it. */
  readonly elements: number;
  /** It takes the results of the tasks before it; a mapped one maps over the first of them. */
  readonly takesResults: boolean;
  readonly isGrouped: boolean;
}

/** A DAG as plain data: `dagOfPlan` makes it. */
export interface DagPlan {
  readonly tasks: readonly TaskPlan[];
  readonly maxActiveTasks: number;
  readonly runState: "leaves" | "any_failed";
}

/** What random DAGs may have; everything by default. */
export interface ArbitraryDagOptions {
  /** Default 2. */
  readonly minTasks?: number;
  /** Default 12. */
  readonly maxTasks?: number;
  /** Default: all trigger rules. */
  readonly rules?: readonly TriggerRule[];
  readonly branches?: boolean;
  readonly groups?: boolean;
  readonly mapped?: boolean;
  /** Setups and teardowns. */
  readonly setups?: boolean;
  /** Attempts that fail, skip, and are made again. */
  readonly failures?: boolean;
  /** Attempts that wait and go on. */
  readonly waits?: boolean;
}

const everyRule: Readonly<Record<TriggerRule, true>> = {
  all_success: true,
  all_failed: true,
  all_done: true,
  all_skipped: true,
  one_success: true,
  one_failed: true,
  one_done: true,
  none_failed: true,
  none_failed_min_one_success: true,
  none_skipped: true,
  all_done_min_one_success: true,
  all_done_setup_success: true,
  always: true,
};

/** Random plans of DAGs; whatever they shrink to is a plan of a valid DAG too. */
export function arbitraryDagPlan(options: ArbitraryDagOptions = {}): fc.Arbitrary<DagPlan> {
  const { minTasks = 2, maxTasks = 12 } = options;
  return fc.record({
    tasks: fc.array(draftOfTask(options), { minLength: Math.max(1, minTasks), maxLength: maxTasks }).map(withUpstreams),
    maxActiveTasks: fc.integer({ min: 1, max: 4 }),
    runState: fc.constantFrom("leaves", "any_failed"),
  });
}

/** A task that says how far before it its upstreams stand, so that it may stand in any place. */
type TaskDraft = Omit<TaskPlan, "upstream"> & { readonly stepsBack: readonly number[] };

function draftOfTask(options: ArbitraryDagOptions): fc.Arbitrary<TaskDraft> {
  const { rules = Object.keys(everyRule) as TriggerRule[], failures = true, waits = true, groups = true } = options;
  const { branches = true, mapped = true, setups = true } = options;
  const kinds: TaskPlan["kind"][] = ["task", "task", "task", "empty"];
  if (branches) kinds.push("branch", "short circuit");
  if (mapped) kinds.push("map");
  if (setups) kinds.push("setup", "teardown");
  const deeds: Deed[] = ["succeed", "succeed", "succeed"];
  if (failures) deeds.push("fail", "fail for good", "skip");
  if (waits) deeds.push("wait");
  return fc.record({
    kind: fc.constantFrom(...kinds),
    stepsBack: fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 })), {
      maxLength: 4,
    }),
    rule: fc.oneof(
      { weight: 2, arbitrary: fc.constant(rules[0] as TriggerRule) },
      { weight: 1, arbitrary: fc.constantFrom(...rules) },
    ),
    deeds: fc.array(fc.constantFrom(...deeds), { minLength: 1, maxLength: 3 }),
    retries: failures ? fc.nat(2) : fc.constant(0),
    follows: fc.nat(15),
    elements: fc.nat(3),
    takesResults: fc.boolean(),
    isGrouped: groups ? fc.nat(3).map((n) => n === 3) : fc.constant(false),
  });
}

/** Steps that lead before the first task lead nowhere. */
function withUpstreams(drafts: readonly TaskDraft[]): TaskPlan[] {
  return drafts.map(({ stepsBack, ...task }, number) => ({
    ...task,
    upstream: stepsBack
      .map((steps) => number - steps)
      .filter((up) => up >= 0)
      .sort((a, b) => a - b),
  }));
}
