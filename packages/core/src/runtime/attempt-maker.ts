import { formatDuration } from "../time/duration.ts";
import { type Meter, processMeter } from "../time/meter.ts";
import { makeAttempt } from "./attempt.ts";
import { AttemptMeter } from "./attempt-meter.ts";
import type { RuntimeServices } from "./context.ts";
import type { Job, JobOutcome } from "./job.ts";
import { captureConsole } from "./output/task-console.ts";
import { failedWith } from "./threads/thread-attempt.ts";
import { ThreadPool, type ThreadPoolOptions } from "./threads/thread-pool.ts";
import { startWatchdog } from "./watchdog/watchdog.ts";
import { loggingXComs } from "./xcom-log.ts";

export interface AttemptMakerOptions {
  readonly services: RuntimeServices;
  /** What parts of the XCom backend do stands in the logs of the attempts that have it done. */
  readonly logsXComs: boolean;
  readonly meter: Meter | undefined;
  /** `undefined`: tasks that are to run in threads run beside the engine too. */
  readonly threads: Omit<ThreadPoolOptions, "services"> | undefined;
  /** `undefined`: nobody watches. */
  readonly watchdogAfterMs: number | undefined;
}

/** Makes attempts in this process, each where its task says, measured and watched. */
export interface AttemptMaker {
  perform(job: Job, longestResult: number | undefined): JobOutcome | Promise<JobOutcome>;
  /** Waits for attempts in threads that were told to stop, as long as their grace lasts. */
  close(): Promise<void>;
}

export function attemptMaker({
  services,
  logsXComs,
  meter = processMeter,
  threads,
  watchdogAfterMs,
}: AttemptMakerOptions): AttemptMaker {
  const pool = threads && new ThreadPool({ ...threads, services });
  const watchdog = watchdogAfterMs === undefined ? undefined : startWatchdog(watchdogAfterMs, processMeter);
  const measured = new AttemptMeter(meter, {
    onBlocked: (job, blockedUs) => warnOfBlocking(services, job, blockedUs),
    watch: watchdog,
  });
  const releaseConsole = captureConsole();
  return {
    perform(job, longestResult) {
      const own = logsXComs ? loggingXComs(services, job) : services;
      const make = (): JobOutcome | Promise<JobOutcome> =>
        pool && job.task.isolation === "thread"
          ? pool.perform(job, longestResult, own)
          : measured.measure(job, () => makeAttempt(job, own, longestResult));
      const prepared = job.run.prepare();
      return prepared ? prepared.then(make, (error: unknown) => failedWith(error, job)) : make();
    },
    async close() {
      await pool?.close();
      watchdog?.close();
      releaseConsole();
    },
  };
}

/** Into the log of the task that did it: nothing else could go on meanwhile. */
function warnOfBlocking({ logs, now }: RuntimeServices, job: Job, blockedUs: number): void {
  const message = `task '${job.task.id}' held up the engine for ${formatDuration(blockedUs / 1_000)}: no other task, timeout or request was served. Give it isolation: "thread", or let it wait now and then`;
  logs.write(job, { at: now(), level: "warn", message, fields: null });
}
