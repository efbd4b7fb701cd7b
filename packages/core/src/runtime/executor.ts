import { AttemptTable } from "./attempt-table.ts";
import type { Job, JobOutcome } from "./job.ts";

/** What an executor tells the engine. */
export interface ExecutorHost {
  /**
   * Makes the attempt in this process, in the engine's thread or in one of its own, as its task says; never throws or
   * rejects. An attempt beside the engine that has nothing to wait for is over at once.
   */
  perform(job: Job): JobOutcome | Promise<JobOutcome>;
  /** The attempt with this token has come to an end. */
  finished(token: number, outcome: JobOutcome): void;
}

/** Runs attempts. */
export interface Executor {
  start(host: ExecutorHost): void;
  submit(job: Job): void;
  /** Aborts the attempt's signal; its slot is free at once, and what it may still return is ignored by its token. */
  cancel(token: number, reason: Error): void;
  freeSlots(): number;
  /** Aborts what runs. */
  stop(): Promise<void>;
}

/** Runs attempts in the engine's own process, so many at a time. */
export function localExecutor(options: { readonly concurrency: number }): Executor {
  const running = new AttemptTable<Job>();
  let host: ExecutorHost;
  return {
    start(given) {
      host = given;
    },
    submit(job) {
      const finish = (outcome: JobOutcome): void => {
        if (running.take(job.token)) host.finished(job.token, outcome);
      };
      running.set(job.token, job);
      const performed = host.perform(job);
      if (performed instanceof Promise) void performed.then(finish);
      else finish(performed);
    },
    cancel(token, reason) {
      running.take(token)?.abort.abort(reason);
    },
    freeSlots: () => options.concurrency - running.size,
    async stop() {
      for (const job of running.values()) job.abort.abort(new Error("the engine is closing"));
      running.clear();
    },
  };
}

/** The same executor; once it has stopped, something else is stopped too. */
export function stoppingAfter(executor: Executor, stop: () => Promise<void>): Executor {
  return {
    start: (host) => executor.start(host),
    submit: (job) => executor.submit(job),
    cancel: (token, reason) => executor.cancel(token, reason),
    freeSlots: () => executor.freeSlots(),
    stop: () => executor.stop().then(stop),
  };
}
