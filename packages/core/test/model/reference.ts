import type { TaskState } from "../../src/lifecycle/states.ts";
import { decideTriggerRule, type TriggerRule } from "../../src/readiness/trigger-rule.ts";

/** What one attempt of a task does. */
export type Deed = "succeed" | "fail" | "fail for good" | "skip";

/** A task of a random DAG; upstreams are numbers smaller than its own. */
export interface Plan {
  readonly upstream: readonly number[];
  readonly rule: TriggerRule;
  /** One per attempt; the last one repeats. */
  readonly deeds: readonly Deed[];
  readonly retries: number;
  /** For a branch: which of its downstreams it follows, as bits by their place. */
  readonly follows: number | undefined;
}

/**
 * Every way in which a task may end, told from how its upstreams ended and from nothing else: it tries all orders in which
 * they may have ended, and decides after each. It knows nothing of counters, queues or time.
 */
export function allowedEnds(plans: readonly Plan[], number: number, states: readonly TaskState[]): Set<TaskState> {
  const { upstream, rule } = plans[number] as Plan;
  const ends = new Set<TaskState>();
  for (const order of ordersOf(upstream)) {
    for (let ended = 0; ended <= order.length; ended++) {
      const last = ended === 0 ? undefined : order[ended - 1];
      if (last !== undefined && cutsOff(plans, states, last, number)) {
        ends.add("skipped");
        break;
      }
      const before = order.slice(0, ended).map((up) => states[up] as TaskState);
      const decision = decideTriggerRule(rule, countsOf(before), { upstream: order.length, setups: 0 });
      if (decision === "wait") continue;
      if (decision !== "run") {
        ends.add(decision);
        break;
      }
      ends.add(endOfAttempts(plans[number] as Plan));
      // It may still wait for its turn when a branch that ends later does not choose it.
      if (order.slice(ended).some((up) => cutsOff(plans, states, up, number))) ends.add("skipped");
      break;
    }
  }
  return ends;
}

function ordersOf(numbers: readonly number[]): number[][] {
  if (numbers.length === 0) return [[]];
  return numbers.flatMap((first) =>
    ordersOf(numbers.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

function countsOf(before: readonly TaskState[]) {
  const count = (state: TaskState): number => before.filter((other) => other === state).length;
  return {
    success: count("success"),
    failed: count("failed"),
    skipped: count("skipped"),
    upstreamFailed: count("upstream_failed"),
    removed: 0,
    done: before.length,
    successSetup: 0,
    skippedSetup: 0,
  };
}

function endOfAttempts(plan: Plan): TaskState {
  for (let attempt = 1; ; attempt++) {
    const deed = plan.deeds[Math.min(attempt, plan.deeds.length) - 1];
    if (deed === "succeed") return "success";
    if (deed === "skip") return "skipped";
    if (deed === "fail for good" || attempt > plan.retries) return "failed";
  }
}

/** True when the branch `up` succeeded and did not choose `number`, nor anything that `number` follows from. */
function cutsOff(plans: readonly Plan[], states: readonly TaskState[], up: number, number: number): boolean {
  const { follows } = plans[up] as Plan;
  if (follows === undefined || states[up] !== "success") return false;
  const behind = (node: number): number[] =>
    plans.flatMap(({ upstream }, next) => (upstream.includes(node) ? [next] : []));
  const open = behind(up).filter((_, place) => (follows >> place) & 1);
  const kept = new Set(open);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const next of behind(node)) {
      if (!kept.has(next)) open.push(next);
      kept.add(next);
    }
  }
  return !kept.has(number);
}
