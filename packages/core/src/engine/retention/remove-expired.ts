import { coreError } from "../../errors.ts";
import { taskStateNamespace } from "../../runtime/state-accessor.ts";
import { deadlineNamespace } from "../../scheduler/deadlines.ts";
import type { Change, Outcome, RunFacet, Store } from "../../store/contract.ts";
import { type Clock, monotonicOf, systemClock } from "../../time/clock.ts";
import { turn } from "../../time/turn.ts";
import { BatchSize } from "./batch-size.ts";
import { type ExpiredQuery, type ExpiredScope, expiredQueries, expiredXComQueries, oldUpTo } from "./expired-scope.ts";

/** What was removed of one DAG. */
export interface RemovedRuns {
  readonly dagId: string;
  readonly runs: number;
  readonly taskInstances: number;
}

export interface RemovedExpired {
  /** DAGs of which runs were removed. */
  readonly dags: readonly RemovedRuns[];
  /** XComs of runs that stay. */
  readonly xcoms: number;
  /** Backfills that ended before the age of runs, with the list of their dates. */
  readonly backfills: number;
  /** Besides those of these runs. */
  readonly events: number;
  readonly logLines: number;
  /** False if the time that it was given was over before. */
  readonly isComplete: boolean;
}

export interface RemoveExpiredOptions extends ExpiredScope {
  /** How a change gets into the store. */
  readonly write: (change: Change) => Promise<Outcome>;
  /** It ends after so long, with what is removed by then. Default: when all is done. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
}

/** Under this namespace of the state facet stands by DAG the run up to which XComs were removed, in the order of their ends. */
const xcomNamespace = "retention.xcoms";

/** Where a run stands among those of its DAG that have ended. */
type EndPlace = NonNullable<Parameters<RunFacet["expired"]>[0]["after"]>;

export async function xcomsGoneUpTo(state: Pick<Store, "state">, dagId: string): Promise<EndPlace | undefined> {
  const text = await state.state.get(xcomNamespace, dagId);
  return text === undefined ? undefined : (JSON.parse(text) as EndPlace);
}

const most = { runs: 1_000, rows: 10_000 };

/**
 * Removes what rules do not keep: runs that have ended with all that is theirs, old events, old log lines. In pieces that are
 * committed one by one, so that nobody waits long meanwhile; stopped in between, the rest is removed the next time. A run
 * that has not ended stays, and so does the one of a DAG that ended last. What XComs keep outside of the store is left to
 * the collector.
 *
 * @throws what the store throws
 */
export async function removeExpired(options: RemoveExpiredOptions): Promise<RemovedExpired> {
  const removal = new Removal(options);
  const dags: RemovedRuns[] = [];
  for (const query of await expiredQueries(options)) {
    const removed = await removal.runsOf(query);
    if (removed.runs > 0) dags.push(removed);
  }
  let xcoms = 0;
  for (const query of await expiredXComQueries(options)) xcoms += await removal.xcomsOf(query);
  const backfills = await removal.backfills();
  const upTo = await oldUpTo(options);
  const events = await removal.oldest("deleteEvents", upTo.events);
  const logLines = await removal.oldest("deleteLogs", upTo.lines);
  return { dags, xcoms, backfills, events, logLines, isComplete: removal.isComplete };
}

/** One walk over everything that is to be removed. */
class Removal {
  isComplete = true;
  readonly #options: RemoveExpiredOptions;
  readonly #clock: Clock;
  readonly #began: number;

  constructor(options: RemoveExpiredOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#began = monotonicOf(this.#clock);
  }

  async runsOf({ dagId, query }: ExpiredQuery): Promise<RemovedRuns> {
    const { store } = this.#options;
    const batch = new BatchSize({ first: 20, most: most.runs });
    let [runs, taskInstances] = [0, 0];
    while (!this.#isOver()) {
      const runNos = await store.runs.expired({ ...query, limit: batch.size });
      if (runNos.length === 0) break;
      for (const runNo of runNos) taskInstances += await this.#removeState(runNo);
      runs += await this.#delete({ kind: "deleteRuns", runNos, at: this.#clock.now() }, batch);
    }
    return { dagId, runs, taskInstances };
  }

  /** One after the other: each has a row for every date. */
  async backfills(): Promise<number> {
    const { rules, dagId } = this.#options;
    const { olderThanMs } = rules.runs;
    if (olderThanMs === null || dagId !== undefined) return 0;
    const endedBefore = this.#clock.now() - olderThanMs;
    const batch = new BatchSize({ first: 1, most: most.runs });
    let sum = 0;
    while (!this.#isOver()) {
      const limit = batch.size;
      const count = await this.#delete({ kind: "deleteBackfills", endedBefore, limit }, batch);
      sum += count;
      if (count < limit) break;
    }
    return sum;
  }

  /** Runs whose XComs are gone are not looked at again: it is remembered up to which one they are. */
  async xcomsOf({ dagId, query }: ExpiredQuery): Promise<number> {
    const { store, write } = this.#options;
    const batch = new BatchSize({ first: 20, most: most.runs });
    let after = await xcomsGoneUpTo(store, dagId);
    let sum = 0;
    while (!this.#isOver()) {
      const runNos = await store.runs.expired({ ...query, ...(after && { after }), limit: batch.size });
      const last = await store.runs.get(runNos.at(-1) ?? 0);
      // One that has begun again, or is gone, says nothing about where to go on: the next removal looks again.
      if (last?.endedAt == null) break;
      const at = this.#clock.now();
      sum += await this.#delete({ kind: "deleteXComsOfRuns", runNos, at }, batch);
      after = { endedAt: last.endedAt, runNo: last.runNo };
      await write({ kind: "putState", namespace: xcomNamespace, key: dagId, value: JSON.stringify(after), at });
    }
    return sum;
  }

  async oldest(kind: "deleteEvents" | "deleteLogs", upTo: number): Promise<number> {
    const batch = new BatchSize({ first: 500, most: most.rows });
    let sum = 0;
    while (upTo > 0 && !this.#isOver()) {
      const limit = batch.size;
      const count = await this.#delete({ kind, upTo, limit }, batch);
      sum += count;
      if (count < limit) break;
    }
    return sum;
  }

  /** What tasks of a run remember, which another run of the same id must not find. Gives the number of its task instances. */
  async #removeState(runNo: number): Promise<number> {
    const { state, tasks, runs } = this.#options.store;
    const run = await runs.get(runNo);
    if (!run) return 0;
    const { dagId, runId } = run;
    const instances = await tasks.ofRun(runNo);
    const keys: { readonly namespace: string; readonly key: string }[] = [];
    for (const { taskId, mapIndex } of instances) {
      const namespace = taskStateNamespace({ dagId, runId, taskId, mapIndex });
      for (const { key } of await state.list(namespace)) keys.push({ namespace, key });
    }
    const told = { namespace: deadlineNamespace, key: String(runNo) };
    if ((await state.get(told.namespace, told.key)) !== undefined) keys.push(told);
    const at = this.#clock.now();
    await Promise.all(keys.map((key) => this.#options.write({ kind: "putState", ...key, value: null, at })));
    return instances.length;
  }

  async #delete(change: Change, batch: BatchSize): Promise<number> {
    const since = monotonicOf(this.#clock);
    const outcome = await this.#options.write(change);
    if (outcome.status !== "deleted")
      throw coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to '${change.kind}'` });
    batch.took(monotonicOf(this.#clock) - since);
    // Stores may answer at once: without turns in between nothing else would go on.
    await turn();
    return outcome.count;
  }

  #isOver(): boolean {
    const { budgetMs = Number.POSITIVE_INFINITY, signal } = this.#options;
    const isOver = signal?.aborted === true || monotonicOf(this.#clock) - this.#began >= budgetMs;
    if (isOver) this.isComplete = false;
    return isOver;
  }
}
