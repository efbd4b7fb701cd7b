import type { RunState, RunType } from "../lifecycle/states.ts";
import type { BackfillFacet } from "./backfill-contract.ts";
import type { Change, Outcome, XComRef } from "./changes.ts";
import type {
  DagRow,
  DagVersionRow,
  EventRow,
  LogRow,
  PerformanceRow,
  PoolRow,
  RequestRow,
  RunRow,
  StreamRow,
  TaskInstanceRow,
  XComReadRow,
  XComRow,
} from "./rows.ts";

export type * from "./backfill-contract.ts";
export type * from "./changes.ts";
export type * from "./request-changes.ts";
export type * from "./retention-changes.ts";
export type * from "./rows.ts";

/**
 * The metadata store: facets to read, and one way to write. Every value here is plain data.
 *
 * Instants are whole milliseconds since the epoch. Rows are known by integer numbers that the store
 * hands out (`dagNo`, `versionNo`, `runNo`, `taskInstanceNo`, `backfillNo`); the ids that people see are text beside them.
 */
export interface Store {
  /** Shown in messages, for example `sqlite` or `memory`. */
  readonly name: string;
  /**
   * Makes the store ready. `engine` claims it for one engine (a second one gets `STORE_LOCKED`); `reader` only reads and
   * claims nothing; `client` reads too, and may file requests for the engine while that works, in this process or another.
   * A client of a store that no engine has ever opened gets `STORE_MISSING`. Opening twice is harmless, and never takes
   * away what was allowed before.
   */
  open(mode: OpenMode): Promise<StoreOpening>;
  /**
   * Applies all changes in one transaction, in order, and answers one outcome for each, in the same order.
   * A change whose guard does not hold is refused by its outcome and leaves no trace; the others still apply.
   * Rejects only when the transaction as a whole could not be stored: then nothing of it is. From a reader, and from a
   * client when not all of the changes are `fileRequest`, it rejects with `STORE_READ_ONLY`. What a client files is stored
   * with full durability.
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]>;
  readonly dags: DagFacet;
  readonly runs: RunFacet;
  readonly tasks: TaskFacet;
  readonly xcoms: XComFacet;
  readonly chunks: ChunkFacet;
  readonly events: EventFacet;
  readonly logs: LogFacet;
  readonly pools: PoolFacet;
  readonly settings: SettingFacet;
  readonly state: StateFacet;
  readonly requests: RequestFacet;
  readonly backfills: BackfillFacet;
  /** Frees every resource. A store that was closed answers `STORE_CLOSED`. */
  close(): Promise<void>;
}

/** What a store is opened for. */
export type OpenMode = "engine" | "reader" | "client";

export interface StoreOpening {
  /** Grows by one each time an engine opens the store; attempt tokens are made from it. 0 for readers and clients. */
  readonly epoch: number;
}

export interface CommitOptions {
  /** `full` returns only when the group would survive a power cut; `normal` survives the death of the process. */
  readonly durability?: "normal" | "full";
}

export interface DagFacet {
  list(): Promise<readonly DagRow[]>;
  get(dagId: string): Promise<DagRow | undefined>;
  version(versionNo: number): Promise<DagVersionRow | undefined>;
}

export interface RunFilter {
  readonly dagId?: string;
  readonly states?: readonly RunState[];
  readonly type?: RunType;
  /** Default 100, at most 10,000; newest first. */
  readonly limit?: number;
  /** Only runs with a smaller number: the last one of the page before. */
  readonly before?: number;
}

export interface RunFacet {
  get(runNo: number): Promise<RunRow | undefined>;
  find(dagId: string, runId: string): Promise<RunRow | undefined>;
  list(filter: RunFilter): Promise<readonly RunRow[]>;
  /** Runs that have not ended, oldest first. Costs as many rows as there are such runs. */
  active(): Promise<readonly RunRow[]>;
  /**
   * The newest run of the DAG with a smaller logical date (or the same date and a smaller number).
   * `scheduledOnly` looks at scheduled and backfill runs, which are those that own their logical date; `state` at runs in
   * that state. Costs as many steps as runs are passed over.
   */
  previous(query: {
    readonly dagNo: number;
    readonly logicalDate: number;
    readonly runNo: number;
    readonly scheduledOnly: boolean;
    readonly state?: RunState;
  }): Promise<RunRow | undefined>;
  /**
   * Runs that own their logical date (scheduled and backfill runs), from `from` to `to`, both included, by that date.
   * `limit` default 1,000, at most 10,000. Costs what it gives.
   */
  ofDates(query: {
    readonly dagNo: number;
    readonly from: number;
    readonly to: number;
    readonly limit?: number;
  }): Promise<readonly RunRow[]>;
  /**
   * Numbers of runs of the DAG that have ended and need not be kept, those that ended first first: that ended before
   * `endedBefore`, or are not among the `keep` that ended last. Never the one that ended last, nor the one with the newest
   * logical date among those that own theirs, because later runs look back at them. Only those behind `after`, in this
   * order. At most `limit` (and 10,000). Costs as many steps as it gives, and as runs are to be kept.
   */
  expired(query: {
    readonly dagNo: number;
    readonly endedBefore: number | null;
    readonly keep: number | null;
    readonly after?: { readonly endedAt: number; readonly runNo: number };
    readonly limit: number;
  }): Promise<readonly number[]>;
}

export interface TaskFacet {
  /** All instances of a run, by `taskNo`, then map index. */
  ofRun(runNo: number): Promise<readonly TaskInstanceRow[]>;
  get(taskInstanceNo: number): Promise<TaskInstanceRow | undefined>;
  find(query: {
    readonly runNo: number;
    readonly taskId: string;
    readonly mapIndex: number;
  }): Promise<TaskInstanceRow | undefined>;
  /** Instances that are `running`, of all runs that have not ended, by run, task number and map index. */
  running(): Promise<readonly TaskInstanceRow[]>;
  /** What the attempts of a run cost, by task number, map index and attempt. */
  performanceOfRun(runNo: number): Promise<readonly PerformanceRow[]>;
}

export interface XComFacet {
  get(ref: XComRef): Promise<XComRow | undefined>;
  /** One key of many instances, in the order asked; a place is `undefined` where there is none. */
  getMany(taskInstanceNos: readonly number[], key: string): Promise<readonly (XComRow | undefined)[]>;
  /** By task number, map index and key. */
  ofRun(runNo: number): Promise<readonly XComRow[]>;
  ofTask(taskInstanceNo: number): Promise<readonly XComRow[]>;
  /**
   * XComs of all runs by instance number and key, those after `after`, at most `limit` (and 10,000) of them: a store is
   * walked by asking on after the last one, until a page is empty. Only envelopes when `format` says so. What a page costs
   * depends neither on what lies before it nor on the XComs that it leaves out. Rows have what is stored: choose `limit` by
   * that.
   */
  page(query: {
    readonly after?: XComRef;
    readonly limit: number;
    readonly format?: "envelope";
  }): Promise<readonly XComRow[]>;
  /**
   * What the instances of a run have read, of whichever run: by the reader's task number and map index, the source's
   * number, and the key. A read stays when the XCom is gone, but not when the instance that it was read of is.
   */
  readsOfRun(runNo: number): Promise<readonly XComReadRow[]>;
  /** The key as the newest run with a logical date at or before `logicalDate` left it (`runNo` breaks ties; own run included). */
  prior(query: {
    readonly dagNo: number;
    readonly taskId: string;
    readonly mapIndex: number;
    readonly key: string;
    readonly logicalDate: number;
    readonly runNo: number;
  }): Promise<XComRow | undefined>;
}

export interface ChunkFacet {
  get(streamId: string, seq: number): Promise<Uint8Array | undefined>;
  /**
   * Streams that have pieces, by the code points of their ids, those after `after`, at most `limit` (and 10,000) of them.
   * A page costs as many steps as its streams have pieces, whose bytes are not read.
   */
  streams(query: { readonly after?: string; readonly limit: number }): Promise<readonly StreamRow[]>;
}

export interface EventFacet {
  /** Events after `after`, oldest first. `limit` default 1,000, at most 10,000. */
  list(filter: {
    readonly after?: number;
    readonly runNo?: number;
    readonly limit?: number;
  }): Promise<readonly EventRow[]>;
  /** The number of the newest event, also if that is removed; 0 when there was none yet. */
  last(): Promise<number>;
  /**
   * The number of the newest event that was written before this instant, 0 when there is none: those up to it may be
   * removed for their age. Found by halving, as events are written in the order of time; where a clock was set back, one of
   * the numbers that fit is given.
   */
  lastBefore(at: number): Promise<number>;
}

export interface LogFacet {
  /** Lines after `after`, oldest first. `limit` default 1,000, at most 10,000. */
  list(filter: {
    readonly taskInstanceNo: number;
    readonly attempt?: number;
    readonly after?: number;
    readonly limit?: number;
  }): Promise<readonly LogRow[]>;
  /** The number of the newest line that was written before this instant, 0 when there is none; found as for events. */
  lastBefore(at: number): Promise<number>;
}

export interface PoolFacet {
  list(): Promise<readonly PoolRow[]>;
}

export interface SettingFacet {
  get(key: string): Promise<string | undefined>;
}

export interface StateFacet {
  /** JSON text as it was put. */
  get(namespace: string, key: string): Promise<string | undefined>;
  list(namespace: string): Promise<readonly { readonly key: string; readonly value: string }[]>;
}

export interface RequestFacet {
  get(requestNo: number): Promise<RequestRow | undefined>;
  /** Requests without an answer, oldest first. `limit` default 100, at most 10,000. */
  pending(limit?: number): Promise<readonly RequestRow[]>;
}
