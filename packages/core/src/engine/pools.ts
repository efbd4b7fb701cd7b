import type { Dag } from "../authoring/definition.ts";
import { isPoolName } from "../authoring/identifiers.ts";
import { defaultPool } from "../authoring/parse-task-options.ts";
import { coreError, shown } from "../errors.ts";
import type { Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";

const defaultPoolSlots = 128;

/** @throws `POOL_INVALID` */
export function checkPool(pool: string, slots: number): void {
  if (!isPoolName(pool)) throw coreError("POOL_INVALID", { what: `the name ${shown(pool)}` });
  if (!Number.isSafeInteger(slots) || slots < 0) throw coreError("POOL_INVALID", { what: `${shown(slots)} slots` });
}

/**
 * Pools of the options are stored, beside those that are there.
 *
 * @throws `POOL_INVALID`
 */
export async function settlePools(
  store: Store,
  given: Readonly<Record<string, number>>,
  clock: Clock,
): Promise<ReadonlyMap<string, number>> {
  const stored = new Map((await store.pools.list()).map(({ pool, slots }) => [pool, slots]));
  for (const [pool, slots] of Object.entries(given)) checkPool(pool, slots);
  const pools = new Map([[defaultPool, defaultPoolSlots], ...stored, ...Object.entries(given)]);
  const changed = [...pools].filter(([pool, slots]) => stored.get(pool) !== slots);
  if (changed.length > 0)
    await store.commit(changed.map(([pool, slots]) => ({ kind: "putPool", pool, slots, at: clock.now() })));
  return pools;
}

/**
 * A pool that a DAG names must be there, and large enough.
 *
 * @throws `POOL_UNKNOWN`, `DAG_OPTION_INVALID`
 */
export function checkPoolsOf(dags: readonly Dag[], slotsOf: (pool: string) => number | undefined): void {
  for (const dag of dags) {
    for (const { id: taskId, pool, poolSlots } of dag.tasks) {
      const slots = slotsOf(pool);
      if (slots === undefined) throw coreError("POOL_UNKNOWN", { taskId, dagId: dag.id, pool });
      // A pool of 0 slots is closed for a while; one that can never be enough is a mistake.
      if (slots > 0 && poolSlots > slots)
        throw coreError("DAG_OPTION_INVALID", {
          option: "poolSlots",
          where: `task '${taskId}' of DAG '${dag.id}'`,
          value: poolSlots,
          expected: `the pool '${pool}' has ${slots} slots in all`,
        });
    }
  }
}
