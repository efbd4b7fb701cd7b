import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import { bundleAddressOf } from "../../config/bundles/load-bundle.ts";
import { coreError, type MillraceError, messageOf, shown } from "../../errors.ts";
import type { Clock } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import { encodeValue } from "../../xcom/codec.ts";
import { storedError } from "../attempt.ts";
import type { RuntimeServices } from "../context.ts";
import type { Job, JobOutcome } from "../job.ts";
import { engineCalls } from "./engine-calls.ts";
import { errorOf, plainError } from "./plain-error.ts";
import type { FromThread, PlainOutcome, ThreadJob, ToThread } from "./thread-messages.ts";
import { Turns } from "./turns.ts";
import type { ThreadTask } from "./worker.ts";

export interface ThreadPoolOptions {
  /** Threads at once. */
  readonly max: number;
  /** Heap of each thread. */
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
  /** Ends attempts whose thread could not even start. */
  readonly #startFailures = new Set<(error: Error) => void>();

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#turns = new Turns(options.max);
  }

  /** Makes the attempt; never rejects. */
  perform(job: Job, longestResult: number | undefined): Promise<JobOutcome> {
    const made = this.#perform(job, longestResult)
      .catch((error: unknown) => failed(job, error))
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

  async #perform(job: Job, longestResult: number | undefined): Promise<JobOutcome> {
    const { signal } = job.abort;
    await this.#turns.take(signal);
    try {
      signal.throwIfAborted();
      this.#pool ??= this.#start();
      return await this.#makeIn(await this.#pool, job, longestResult);
    } finally {
      this.#turns.giveBack();
    }
  }

  async #makeIn(pool: Piscina, job: Job, longestResult: number | undefined): Promise<JobOutcome> {
    const { clock, killGraceMs, services } = this.#options;
    const { signal } = job.abort;
    const { port1: port, port2 } = new MessageChannel();
    const kill = new AbortController();
    const over = new AbortController();
    const stop = (): void => {
      post(port, { kind: "abort", reason: plainError(signal.reason) });
      void clock.sleep(killGraceMs, over.signal).then(() => {
        if (over.signal.aborted) return;
        const { taskInstanceNo, attempt } = job;
        const error = coreError("TASK_KILLED", { taskId: job.task.id, grace: formatDuration(killGraceMs) });
        services.logs.add(taskInstanceNo, attempt, {
          at: services.now(),
          level: "warn",
          message: error.message,
          fields: null,
        });
        kill.abort(error);
      });
    };
    const onStartFailure = (error: Error): void => kill.abort(error);
    this.#startFailures.add(onStartFailure);
    let spent: PlainOutcome | undefined;
    const hear = (message: FromThread): void => {
      if (message.kind === "begun") this.#startFailures.delete(onStartFailure);
      else if (message.kind === "line") services.logs.add(job.taskInstanceNo, job.attempt, message.line);
      else if (message.kind === "metric") services.record(job.run.dag.id, job.task.id, message.sample);
      else if (message.kind === "call") void answer(port, engineCalls(services, job), message);
      else {
        spent = message.outcome;
        kill.abort();
      }
    };
    port.on("message", hear);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const task: ThreadTask = { job: this.#threadJob(job, longestResult), port: port2 };
      // The pool's own type of a list of ports is lost with these types of Node.
      const transferList = [port2] as never;
      return outcomeOf((await pool.run(task, { transferList, signal: kill.signal })) as PlainOutcome);
    } catch (error) {
      if (spent) return outcomeOf(spent);
      return failed(job, kill.signal.aborted ? kill.signal.reason : this.#lost(job, error));
    } finally {
      this.#startFailures.delete(onStartFailure);
      over.abort();
      signal.removeEventListener("abort", stop);
      // The outcome took another way: what was sent before it may still lie here.
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) hear(left.message);
      port.close();
    }
  }

  /** Why a thread that was making an attempt is no more. */
  #lost({ task }: Job, error: unknown): MillraceError {
    const taskId = task.id;
    const { code } = error as { readonly code?: unknown };
    if (code === "ERR_WORKER_OUT_OF_MEMORY")
      return coreError("TASK_OUT_OF_MEMORY", { taskId, limitMb: this.#options.maxMemoryMb });
    const exitCode = /^worker exited with code: (-?\d+)$/.exec(messageOf(error))?.[1];
    if (exitCode !== undefined) return coreError("TASK_THREAD_EXITED", { taskId, exitCode });
    return coreError("THREAD_FAILED", { taskId, why: messageOf(error) }, { cause: error });
  }

  #threadJob(job: Job, longestResult: number | undefined): ThreadJob {
    const { run, task, taskNo, taskInstanceNo, mapIndex, attempt, token, isResumed } = job;
    const { runNo, runId, dagNo, dag, type, logicalDate, intervalStart, intervalEnd, params, conf } = run;
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
      run: { runNo, runId, dagNo, type, logicalDate, intervalStart, intervalEnd },
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
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb },
      env: Object.fromEntries(
        [...usualEnv, ...env].flatMap((name) => {
          const value = process.env[name];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    });
    // A thread that dies without an attempt of its own; those that waited for it would wait for ever.
    pool.on("error", (error: Error) => {
      for (const fail of [...this.#startFailures]) fail(error);
    });
    return pool;
  }
}

/** The thread's module stands beside this one, as a source file or as it was built. */
function workerFile(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./worker.ts", import.meta.url)
    : new URL("./runtime/threads/worker.js", import.meta.url);
}

async function answer(
  port: MessagePort,
  calls: ReturnType<typeof engineCalls>,
  { no, name, args }: Extract<FromThread, { kind: "call" }>,
): Promise<void> {
  try {
    if (!Object.hasOwn(calls, name)) throw coreError("THREAD_CALL_REFUSED", { name: shown(name) });
    const call = calls[name as keyof typeof calls] as (...given: readonly unknown[]) => Promise<unknown>;
    const value = await call(...args);
    post(port, { kind: "answer", no, value });
  } catch (error) {
    post(port, { kind: "refusal", no, error: plainError(error) });
  }
}

function post(port: MessagePort, message: ToThread): void {
  port.postMessage(message);
}

function outcomeOf({ thrown, ...outcome }: PlainOutcome): JobOutcome {
  return thrown === undefined ? outcome : { ...outcome, thrown: errorOf(thrown) };
}

function failed(job: Job, thrown: unknown): JobOutcome {
  return {
    state: "failed",
    thrown,
    error: storedError(thrown, job.task.id),
    isFinal: false,
    wakeAt: null,
    awaits: null,
    xcoms: [],
    deletes: [],
  };
}
