import type { Dag } from "@millrace/core";
import type {
  DagRow,
  DagVersionRow,
  EventRow,
  RequestRow,
  RunRow,
  Store,
  TaskInstanceRow,
  XComRow,
} from "@millrace/core/plugin";

/** Everything that a store holds of what its engines did. */
export interface History {
  readonly events: readonly EventRow[];
  /** By number. */
  readonly runs: ReadonlyMap<number, RunRow>;
  /** By number. */
  readonly tasks: ReadonlyMap<number, TaskInstanceRow>;
  /** By run. */
  readonly xcoms: ReadonlyMap<number, readonly XComRow[]>;
  readonly dags: ReadonlyMap<string, DagRow>;
  /** By number. */
  readonly versions: ReadonlyMap<number, DagVersionRow>;
  /** Without an answer. */
  readonly unanswered: readonly RequestRow[];
}

const pageSize = 10_000;

/** Reads a store from the first event to the last. Nobody may write to it meanwhile. */
export async function readHistory(store: Store): Promise<History> {
  const events: EventRow[] = [];
  for (let after = 0; ; ) {
    const page = await store.events.list({ after, limit: pageSize });
    events.push(...page);
    const last = page.at(-1);
    if (page.length < pageSize || !last) break;
    after = last.seq;
  }
  const runs = new Map<number, RunRow>();
  for (let before: number | undefined; ; ) {
    const page = await store.runs.list({ limit: pageSize, ...(before === undefined ? {} : { before }) });
    for (const run of page) runs.set(run.runNo, run);
    if (page.length < pageSize) break;
    before = page.at(-1)?.runNo;
  }
  const tasks = new Map<number, TaskInstanceRow>();
  const xcoms = new Map<number, readonly XComRow[]>();
  const versions = new Map<number, DagVersionRow>();
  for (const { runNo, versionNo } of runs.values()) {
    for (const task of await store.tasks.ofRun(runNo)) tasks.set(task.taskInstanceNo, task);
    xcoms.set(runNo, await store.xcoms.ofRun(runNo));
    if (versions.has(versionNo)) continue;
    const version = await store.dags.version(versionNo);
    if (version) versions.set(versionNo, version);
  }
  const dags = new Map((await store.dags.list()).map((row) => [row.dagId, row] as const));
  return { events, runs, tasks, xcoms, dags, versions, unanswered: await store.requests.pending(pageSize) };
}

/** Which promise is broken. */
export type HistoryRule =
  | "event numbers"
  | "legal moves"
  | "one result"
  | "attempt numbers"
  | "unique runs"
  | "limits"
  | "xcoms"
  | "rows"
  | "nothing stuck";

/** A promise that a store's rows and events show to be broken. */
export interface HistoryProblem {
  readonly rule: HistoryRule;
  /** A sentence for people. */
  readonly what: string;
}

/** Options of {@link checkHistory}. */
export interface HistoryOptions {
  /** The DAGs of the runs: `maxActivePerDag` of tasks and `maxActive` of mappings are known only from them. */
  readonly dags?: Iterable<Dag>;
  /** Default true: every run must have ended and every request have its answer. */
  readonly isOver?: boolean;
}
