import type { Observers } from "../observe/observers.ts";
import type { RuntimeServices } from "../runtime/context.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Job, JobOutcome } from "../runtime/job.ts";
import type { LogSink } from "../runtime/log-sink.ts";
import type { Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { LiveDag } from "./live-dag.ts";

/** What the scheduler works with. */
export interface SchedulerServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly executor: Executor;
  readonly runtime: RuntimeServices;
  readonly logs: LogSink;
  readonly observers: Observers;
  /** How long a store that cannot be written is tried again before the engine stops. */
  readonly patienceMs: number;
  perform(job: Job, longestResult: number | undefined): JobOutcome | Promise<JobOutcome>;
  dagOf(dagId: string): LiveDag | undefined;
}
