/** Random DAGs, values and ids for property tests with fast-check. */
import type { Dag } from "@millrace/core";
import type fc from "fast-check";
import { dagOfPlan } from "./arbitraries/dag-of-plan.ts";
import { type ArbitraryDagOptions, arbitraryDagPlan } from "./arbitraries/dag-plan.ts";

export { type DagOfPlanOptions, dagOfPlan, plannedTaskId } from "./arbitraries/dag-of-plan.ts";
export {
  type ArbitraryDagOptions,
  arbitraryDagPlan,
  type DagPlan,
  type Deed,
  type TaskPlan,
} from "./arbitraries/dag-plan.ts";
export { arbitraryHostileId } from "./arbitraries/hostile-id.ts";
export { arbitraryXComValue } from "./arbitraries/xcom-value.ts";

/**
 * Random DAGs: trigger rules, groups, branches, short circuits, mapped tasks, setups and teardowns, retries, failures and
 * waits. What a failing one shrinks to is a valid DAG too. Whoever must know what its tasks do takes {@link arbitraryDagPlan}
 * and {@link dagOfPlan}.
 *
 * @example
 * ```ts
 * import { testDag } from "@millrace/testing";
 * import { arbitraryDag } from "@millrace/testing/arbitraries";
 * import fc from "fast-check";
 *
 * const property = fc.asyncProperty(arbitraryDag({ maxTasks: 6 }), async (dag) => {
 *   const { state } = await testDag(dag);
 *   return state === "success" || state === "failed";
 * });
 * await fc.assert(property, { numRuns: 20 });
 * ```
 */
export function arbitraryDag(options: ArbitraryDagOptions & { readonly id?: string } = {}): fc.Arbitrary<Dag> {
  const { id } = options;
  return arbitraryDagPlan(options).map((plan) => dagOfPlan(plan, { id }));
}
