import type { Store } from "@millrace/core/plugin";
import { compareRows, findDoubles, findStrayXComs, findStuck } from "./compare-rows.ts";
import { type History, type HistoryOptions, type HistoryProblem, readHistory } from "./history.ts";
import { replay } from "./replay.ts";

/**
 * Reads everything that a store holds and says what of it cannot be: moves between states that nobody may make, attempts with
 * two results or with holes in their numbers, limits that were exceeded at any event, XComs that no recorded outcome left,
 * runs that exist twice, rows that are something else than their events add up to, and what is stuck. For tests of stores,
 * executors and whole installations, after whatever they went through.
 *
 * @param store - opened to read; nobody may write to it meanwhile
 * @returns nothing, when every promise is kept
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { checkHistory, createTestEngine } from "@millrace/testing";
 *
 * const hello = dag("hello", {}, (d) => {
 *   d.task("name", () => "Ada");
 * });
 * await using test = await createTestEngine({ dags: [hello] });
 * await test.run(hello);
 * console.log(await checkHistory(test.store, { dags: [hello] })); // []
 * ```
 */
export async function checkHistory(store: Store, options: HistoryOptions = {}): Promise<readonly HistoryProblem[]> {
  return problemsOf(await readHistory(store), options);
}

/** What of a history cannot be. */
export function problemsOf(history: History, options: HistoryOptions): readonly HistoryProblem[] {
  const told = replay(history, options);
  return [
    ...told.problems,
    ...compareRows(history, told),
    ...findDoubles(history),
    ...findStrayXComs(history, told),
    ...findStuck(history, options.isOver ?? true),
  ];
}
