import type { Dag } from "@millrace/core";
import type { RunOptions } from "@millrace/core/engine";
import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { createTestEngine, type GivenToTasks, type TestEngineOptions } from "../engine/test-engine.ts";
import { type StandIns, withStandIns } from "./stand-ins.ts";
import { readTestRun, type TestRun } from "./test-run.ts";

/** How {@link testDag} runs a DAG. */
export interface TestDagOptions<P = unknown> extends StandIns, GivenToTasks, Omit<RunOptions<P>, "idempotencyKey"> {
  /** When time begins. Default: noon of 22 October 2026, in UTC. */
  readonly now?: TestEngineOptions["now"];
  /** Further DAGs, for tasks made by `d.trigger`. */
  readonly dags?: Iterable<Dag>;
}

const runIdOfTest = "test";

/**
 * Runs a DAG once, in memory, with no sockets and no files, under a clock that jumps over every wait: retries,
 * reschedules and timeouts take no time. Resolves however the run ends; `orThrow()` throws if it did not succeed.
 *
 * @throws `PARAMS_INVALID`, `TEST_TASK_UNKNOWN`, `TEST_STAND_IN_CONFLICT`, `TEST_VALUE_MISSING`, `TEST_VALUE_REFUSED`;
 *   `TEST_RUN_STUCK` when the run waits for something that no time brings
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { testDag } from "@millrace/testing";
 *
 * const sales = dag("sales", {}, (d) => {
 *   const extract = d.task("extract", { retries: 3 }, (): number[] => {
 *     throw new Error("the warehouse is not here");
 *   });
 *   d.task("sum", { input: extract }, ({ input }) => input.reduce((a, b) => a + b, 0));
 * });
 *
 * const mocked = await testDag(sales, { mock: { extract: [20, 22] } });
 * console.log(mocked.state, mocked.value("sum"), mocked.started); // success 42 [ 'extract', 'sum' ]
 *
 * const real = await testDag(sales);
 * console.log(real.state, real.tasks.extract.attempts); // failed 4
 * ```
 */
export async function testDag<P>(dag: Dag<P>, options: TestDagOptions<P> = {}): Promise<TestRun> {
  const { mock, xcom, only, now, dags = [], runId = runIdOfTest, secrets, connections, ...request } = options;
  const tested = withStandIns(dag, { mock, xcom, only });
  const all = [tested as Dag, ...[...dags].map((other) => withStandIns(other, {}))];
  const database = memoryDatabase();
  const test = await createTestEngine({
    dags: all,
    now,
    store: memoryStore({ database }),
    pools: poolsOf(all),
    secrets,
    connections,
  });
  const { events, executor } = test;
  try {
    const result = await test.run(tested, { ...request, runId });
    await test.close();
    const reader = memoryStore({ database });
    await reader.open("reader");
    return await readTestRun(tested as Dag, reader, { result, runId, events, attempts: executor.attempts });
  } finally {
    await test.close();
  }
}

/** Room for every task in every pool that is named. */
function poolsOf(dags: readonly Dag[]): Record<string, number> {
  const slots: Record<string, number> = {};
  for (const { tasks } of dags)
    for (const { pool, poolSlots } of tasks) slots[pool] = Math.max(slots[pool] ?? 128, poolSlots);
  return slots;
}
