import type { BackfillAction, BackfillPlan, PlannedRun } from "./planned-run.ts";

/** A date of which two plans say something else. */
export interface PlanDifference {
  readonly logicalDate: PlannedRun["logicalDate"];
  /** `null`: the date is not in that plan. */
  readonly before: BackfillAction | null;
  readonly after: BackfillAction | null;
  /** Why it is so after. */
  readonly reason: string | null;
}

/**
 * The dates of which two plans of a DAG say something else, oldest first: what has changed since a preview.
 *
 * @param limit - at most so many. Default 1,000
 */
export function compareBackfillPlans(
  before: BackfillPlan,
  after: BackfillPlan,
  limit = 1_000,
): readonly PlanDifference[] {
  const differences: PlanDifference[] = [];
  const [left, right] = [ascending(before), ascending(after)];
  let [old, now] = [left.next(), right.next()];
  while ((!old.done || !now.done) && differences.length < limit) {
    const [oldAt, nowAt] = [atOf(old), atOf(now)];
    const isOld = oldAt <= nowAt;
    const isNow = nowAt <= oldAt;
    const [was, is] = [isOld && !old.done ? old.value : null, isNow && !now.done ? now.value : null];
    if (was?.action !== is?.action) {
      const { logicalDate } = (was ?? is) as PlannedRun;
      const [before, after] = [was?.action ?? null, is?.action ?? null];
      differences.push({ logicalDate, before, after, reason: is?.reason ?? null });
    }
    if (isOld) old = left.next();
    if (isNow) now = right.next();
  }
  return differences;
}

function* ascending({ runs, order }: BackfillPlan): Generator<PlannedRun, undefined> {
  const { length } = runs;
  for (let index = 0; index < length; index++)
    yield runs.at(order === "forward" ? index : length - 1 - index) as PlannedRun;
}

function atOf(step: IteratorResult<PlannedRun, undefined>): number {
  return step.done ? Number.POSITIVE_INFINITY : step.value.logicalDate.epochMilliseconds;
}
