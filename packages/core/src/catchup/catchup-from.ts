import { coreError, shown } from "../errors.ts";
import type { DurationInput } from "../time/duration.ts";
import type { CatchupSetting, CatchupSource } from "../timetable/catchup.ts";
import { checkSourceOptions, usualEvery } from "./source-options.ts";

export interface CatchupFromOptions {
  /** Shown to people and in events. Default: the function's own name, else `query`. */
  readonly name?: string;
  /** How often it is asked. Default 10 s. */
  readonly every?: DurationInput;
  /** Holds for DAGs that it says nothing of, and as long as it has never answered. Default `false`. */
  readonly default?: CatchupSetting;
}

/**
 * Catchup settings from anywhere: a query of a database, say. It is asked again every 10 s while an engine works, for one DAG
 * after the other, and all of them together may take 10 s; what is answered differently holds from the next scheduled run on.
 * What it throws, or answers that is no setting, changes nothing.
 *
 * @param read - gives the setting of a DAG (`true`, `false` or bounds), or `undefined` or `null` for the default. Its `signal` aborts when the answer is not needed any more
 * @throws `DAG_OPTION_INVALID`, `CATCHUP_INVALID` (the default)
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { catchupFrom, dag } from "@millrace/core";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("CREATE TABLE catchup (dag_id TEXT PRIMARY KEY, is_on INTEGER NOT NULL, max_runs INTEGER)");
 * db.exec("INSERT INTO catchup VALUES ('sales', 1, 100)");
 * const query = db.prepare("SELECT is_on AS isOn, max_runs AS maxRuns FROM catchup WHERE dag_id = ?");
 *
 * const settings = catchupFrom(
 *   ({ dagId }) => {
 *     const row = query.get(dagId);
 *     if (!row) return undefined;
 *     return row["isOn"] === 1 && row["maxRuns"] !== null ? { maxRuns: row["maxRuns"] } : row["isOn"] === 1;
 *   },
 *   { name: "table catchup", every: "30s" },
 * );
 * export default dag("sales", { catchup: settings, startDate: "2026-10-01" }, (d) => {
 *   d.task("load", () => 1);
 * });
 * ```
 */
export function catchupFrom(
  read: (query: { readonly dagId: string; readonly signal: AbortSignal }) => unknown,
  options: CatchupFromOptions = {},
): CatchupSource {
  if (typeof read !== "function")
    throw coreError("DAG_OPTION_INVALID", {
      option: "read",
      where: "catchupFrom",
      value: shown(read),
      expected: "a function is needed",
    });
  checkSourceOptions("catchupFrom", options, { name: true, every: true, default: true });
  const { name = read.name || "query", every = usualEvery, default: byDefault = false } = options;
  return { name, every, default: byDefault, read: async (query) => (await read(query)) ?? undefined };
}
