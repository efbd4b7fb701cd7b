import { type Dag, isDag } from "../authoring/definition.ts";
import { checkDagId } from "../authoring/identifiers.ts";
import { bundleAddressOf } from "../config/bundles/load-bundle.ts";
import { coreError, shown } from "../errors.ts";
import { checkOptions } from "./check-arguments.ts";
import type { EngineParts } from "./engine-parts.ts";

/** DAGs that come, change or go while an engine works. */
export interface DagReplacement {
  /** New DAGs, and new versions of those that are there. */
  readonly put?: Iterable<Dag>;
  /** Ids of DAGs that are no more. */
  readonly remove?: Iterable<string>;
}

/** What {@link DagReplacement} came to: ids of DAGs. */
export interface DagReplaced {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
}

/** Each DAG once. @throws `DAG_DUPLICATE`, `DAG_OPTION_INVALID`, `THREAD_CODE_MISSING` */
export function checkDags(dags: Iterable<Dag>, where: string, mayThread: boolean): readonly Dag[] {
  const byId = new Map<string, Dag>();
  for (const dag of iterable("dags", dags, where)) {
    if (!isDag(dag))
      throw coreError("DAG_OPTION_INVALID", {
        option: "dags",
        where,
        value: shown(dag),
        expected: "what dag(...) returns is needed",
      });
    if (byId.has(dag.id)) throw coreError("DAG_DUPLICATE", { dagId: dag.id });
    const inThread = dag.tasks.find(({ isolation }) => isolation === "thread");
    if (mayThread && inThread && !bundleAddressOf(dag))
      throw coreError("THREAD_CODE_MISSING", { taskId: inThread.id, dagId: dag.id });
    byId.set(dag.id, dag);
  }
  return [...byId.values()];
}

/** @throws `DAG_OPTION_INVALID` */
function iterable<T>(option: string, list: Iterable<T>, where: string): Iterable<T> {
  if (typeof list === "object" && list !== null && typeof list[Symbol.iterator] === "function") return list;
  throw coreError("DAG_OPTION_INVALID", { option, where, value: shown(list), expected: "a list is needed" });
}

/** Registers what is new with the engine's next group; then it holds. */
export async function replaceDags(
  { dags: book, scheduler, catchup, clock, checkPools, mayThread }: EngineParts,
  change: DagReplacement,
): Promise<DagReplaced> {
  const where = "engine.replaceDags";
  const { put = [], remove = [] } = checkOptions(change, where);
  const leaving = Array.from(iterable("remove", remove, where), checkDagId);
  const dags = checkDags(put, where, mayThread);
  checkPools(dags);
  const before = new Map(dags.map(({ id }) => [id, book.version(id)?.versionNo]));
  const at = clock.now();
  const outcomes = await Promise.all(dags.map((dag) => scheduler.ask.write(book.registration(dag, at))));
  for (const [place, dag] of dags.entries()) book.registered(dag, outcomes[place]);
  const removed = leaving.filter((dagId) => book.version(dagId) !== undefined && !before.has(dagId));
  for (const dagId of removed) book.remove(dagId);
  await catchup.replaced([...before.keys()]);
  scheduler.ask.replaced([...before.keys()], removed);
  const idsWhere = (test: (id: string) => boolean): string[] => dags.flatMap(({ id }) => (test(id) ? [id] : []));
  const isSame = (id: string): boolean => book.version(id)?.versionNo === before.get(id);
  return {
    added: idsWhere((id) => before.get(id) === undefined),
    changed: idsWhere((id) => before.get(id) !== undefined && !isSame(id)),
    unchanged: idsWhere(isSame),
    removed,
  };
}
