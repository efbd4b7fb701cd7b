import type { MillraceError } from "../errors.ts";
import type { RunType } from "../lifecycle/states.ts";
import type { Masker } from "../masking/masker.ts";
import type { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import type { Observers } from "../observe/observers.ts";
import type { RuntimeServices } from "../runtime/context.ts";
import type { Followed } from "../runtime/decision.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Job, JobOutcome } from "../runtime/job.ts";
import type { LogSink } from "../runtime/log-sink.ts";
import type { RunFacet, RunRow, Store, TaskInstanceRow } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { XComPurger } from "../xcom/xcom-purger.ts";
import type { DagBook } from "./dag-book.ts";
import type { LiveDag } from "./live-dag.ts";
import type { LostAttempts } from "./lost-attempts.ts";
import type { RunRequest } from "./requests.ts";

/** What the scheduler works with. */
export interface SchedulerServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly executor: Executor;
  readonly runtime: RuntimeServices;
  /** Reads for attempts: it waits for a store that cannot be read. */
  readonly previousRun: RunFacet["previous"];
  readonly logs: LogSink;
  readonly observers: Observers;
  readonly dags: DagBook;
  /** What a task that decides what follows it has decided in this run; `undefined` when that was removed. */
  decisionOf(row: RunRow, decider: TaskInstanceRow): Promise<Followed | undefined>;
  readonly metrics: EngineMetrics;
  /** Takes secrets out of what is stored and told. */
  readonly masker: Masker;
  /** Told of XComs that are no more. */
  readonly purger: XComPurger;
  /** How long a store that cannot be written is tried again before the engine stops. */
  readonly patienceMs: number;
  /** So often may an attempt of a task instance end with its process; then the task fails. */
  readonly maxCrashes: number;
  /** What former engines were making when they ended. */
  readonly lost: LostAttempts;
  /** The request for a run of the schedule, with the params that its schema gives; an error when it gives none. */
  requestOf(
    dag: LiveDag,
    run: { readonly type: RunType; readonly start: number; readonly end: number },
  ): RunRequest | MillraceError | Promise<RunRequest>;
  perform(job: Job, longestResult: number | undefined): JobOutcome | Promise<JobOutcome>;
}
