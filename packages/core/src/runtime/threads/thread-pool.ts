import type { Worker } from "node:worker_threads";
import type { Piscina } from "piscina";
import { bundleAddressOf } from "../../config/bundles/load-bundle.ts";
import { coreError } from "../../errors.ts";
import type { Clock } from "../../time/clock.ts";
import { processMeter } from "../../time/meter.ts";
import { encodeValue } from "../../xcom/codec.ts";
import type { RuntimeServices } from "../context.ts";
import type { Job, JobOutcome } from "../job.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { failedWith, ThreadAttempt } from "./thread-attempt.ts";
import type { ThreadJob } from "./thread-messages.ts";
import { Turns } from "./turns.ts";

export interface ThreadPoolOptions {
  /** Threads at once. */
  readonly max: number;
  /** Of each thread, its buffers among it. */
  readonly maxMemoryMb: number;
  /** Variables of the engine's environment that tasks see, besides the usual few. */
  readonly env: readonly string[];
  /** How long an attempt may go on after it was told to stop. */
  readonly killGraceMs: number;
  readonly clock: Clock;
  readonly services: RuntimeServices;
}

const usualEnv = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "NODE_ENV", "SystemRoot"];
const idleTimeoutMs = 30_000;
/** So often is an attempt given to the pool again that no thread has begun. */
const mostStarts = 3;

/**
 * Makes attempts in threads of their own. Threads are started when there is work, used again as long as attempts leave
 * nothing behind in them, and ended with everything in them when an attempt will not stop.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  /**
   * The pool itself is given as many attempts as it may have threads, and no more: it would start no thread for one that
   * waits while others die with theirs.
   */
  readonly #turns: Turns;
  readonly #running = new Map<Job, Promise<JobOutcome>>();
  #pool: Promise<Piscina> | undefined;
  readonly #underWay = new Set<ThreadAttempt>();
  readonly #guard: MemoryGuard;
  #threads: () => readonly Worker[] = () => [];

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#turns = new Turns(options.max);
    this.#guard = new MemoryGuard(() => this.#threads(), options.maxMemoryMb, processMeter);
  }

  /** Makes the attempt; never rejects. @param services - what the attempt is served by, on the engine's side */
  perform(
    job: Job,
    longestResult: number | undefined,
    services: RuntimeServices = this.#options.services,
  ): Promise<JobOutcome> {
    const made = this.#perform(job, longestResult, services)
      .catch((error: unknown) => failedWith(error, job))
      .finally(() => this.#running.delete(job));
    this.#running.set(job, made);
    return made;
  }

  /** Tells what runs to stop, waits for it as long as the grace lasts, and ends all threads. */
  async close(): Promise<void> {
    for (const job of this.#running.keys()) job.abort.abort(new Error("the engine is closing"));
    await Promise.all(this.#running.values());
    await (await this.#pool)?.destroy();
    this.#pool = undefined;
  }

  async #perform(job: Job, longestResult: number | undefined, services: RuntimeServices): Promise<JobOutcome> {
    const { signal } = job.abort;
    await this.#turns.take(signal);
    try {
      signal.throwIfAborted();
      this.#pool ??= this.#start();
      const pool = await this.#pool;
      for (let start = 1; ; start++) {
        const attempt = new ThreadAttempt(job, { ...this.#options, services, guard: this.#guard });
        this.#underWay.add(attempt);
        const outcome = await attempt.make(pool, this.#threadJob(job, longestResult));
        this.#underWay.delete(attempt);
        if (attempt.hasBegun || signal.aborted || start === mostStarts) return outcome;
      }
    } finally {
      this.#turns.giveBack();
    }
  }

  #threadJob(job: Job, longestResult: number | undefined): ThreadJob {
    const { run, task, taskNo, taskInstanceNo, mapIndex, attempt, token, isResumed } = job;
    const { runNo, runId, dagNo, dag, type, logicalDate, intervalStart, intervalEnd, params, conf, previous } = run;
    const { services } = this.#options;
    const code = bundleAddressOf(dag);
    if (!code) throw coreError("THREAD_CODE_MISSING", { taskId: task.id, dagId: dag.id });
    return {
      code,
      dagId: dag.id,
      taskId: task.id,
      taskNo,
      taskInstanceNo,
      mapIndex,
      attempt,
      token,
      isResumed,
      run: { runNo, runId, dagNo, type, logicalDate, intervalStart, intervalEnd, previous },
      params: params === undefined ? undefined : encodeValue(params),
      conf: encodeValue(conf),
      now: services.now(),
      longestResult,
      maxValueBytes: services.maxValueBytes,
      isPlain: services.backend.isPlain,
    };
  }

  async #start(): Promise<Piscina> {
    const { Piscina } = await import("piscina");
    const { max, maxMemoryMb, env } = this.#options;
    const pool = new Piscina({
      filename: workerFile().href,
      minThreads: 0,
      maxThreads: max,
      idleTimeout: idleTimeoutMs,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: MemoryGuard.heapLimitMb(maxMemoryMb) },
      env: Object.fromEntries(
        [...usualEnv, ...env].flatMap((name) => {
          const value = process.env[name];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    });
    // A thread has died without an attempt of its own. If it was only starting, the one that waits for it would do so for ever.
    pool.on("error", (error: Error) => {
      for (const attempt of this.#underWay) attempt.startFailed(error);
    });
    this.#threads = () => pool.threads;
    return pool;
  }
}

/** The thread's module stands beside this one, as a source file or as it was built. */
function workerFile(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./worker.ts", import.meta.url)
    : new URL("./runtime/threads/worker.js", import.meta.url);
}
