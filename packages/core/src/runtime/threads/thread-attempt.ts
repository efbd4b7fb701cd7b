import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import { coreError, type MillraceError, messageOf, shown } from "../../errors.ts";
import type { Clock } from "../../time/clock.ts";
import { formatDuration } from "../../time/duration.ts";
import { storedError } from "../attempt.ts";
import type { RuntimeServices } from "../context.ts";
import type { Job, JobOutcome } from "../job.ts";
import { engineCalls } from "./engine-calls.ts";
import type { MemoryGuard } from "./memory-guard.ts";
import { errorOf, plainError } from "./plain-error.ts";
import type { FromThread, PlainOutcome, ThreadJob, ToThread } from "./thread-messages.ts";
import { ThreadStreams } from "./thread-streams.ts";
import type { ThreadTask } from "./worker.ts";

/** What an attempt in a thread is made with. */
export interface ThreadAttemptTools {
  readonly clock: Clock;
  readonly services: RuntimeServices;
  readonly guard: MemoryGuard;
  readonly killGraceMs: number;
  readonly maxMemoryMb: number;
}

/** One attempt in a thread, as the engine sees it: a conversation, and a way to end it with its thread. */
export class ThreadAttempt {
  readonly #job: Job;
  readonly #tools: ThreadAttemptTools;
  readonly #channel = new MessageChannel();
  /** Aborting it ends the thread; its reason is what the attempt fails with. */
  readonly #kill = new AbortController();
  readonly #over = new AbortController();
  #hasBegun = false;
  #streams: ThreadStreams | undefined;
  #unwatch: (() => void) | undefined;
  /** Of a thread that is not to be used again. */
  #spent: PlainOutcome | undefined;

  constructor(job: Job, tools: ThreadAttemptTools) {
    this.#job = job;
    this.#tools = tools;
    this.#channel.port1.on("message", (message: FromThread) => this.#hear(message));
  }

  /** Makes it in one of the pool's threads; never rejects. */
  async make(pool: Piscina, plainJob: ThreadJob): Promise<JobOutcome> {
    const { signal } = this.#job.abort;
    const { port1, port2 } = this.#channel;
    const stop = (): void => this.#stop(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const task: ThreadTask = { job: plainJob, port: port2 };
      // The pool's own type of a list of ports is lost with these types of Node.
      const transferList = [port2] as never;
      return outcomeOf((await pool.run(task, { transferList, signal: this.#kill.signal })) as PlainOutcome);
    } catch (error) {
      if (this.#spent) return outcomeOf(this.#spent);
      return failedWith(this.#kill.signal.aborted ? this.#kill.signal.reason : this.#lost(error), this.#job);
    } finally {
      this.#over.abort();
      signal.removeEventListener("abort", stop);
      // The outcome took another way: what was sent before it may still lie here.
      for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) this.#hear(left.message);
      this.#unwatch?.();
      port1.close();
      void this.#streams?.close();
    }
  }

  /** False as long as no thread has taken it up: then it can be given to another. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Perhaps the thread that this attempt was to have could not start. */
  startFailed(error: Error): void {
    if (!this.#hasBegun) this.#kill.abort(coreError("THREAD_FAILED", this.#said(error), { cause: error }));
  }

  #hear(message: FromThread): void {
    const { services, guard, maxMemoryMb } = this.#tools;
    const { run, task } = this.#job;
    switch (message.kind) {
      case "begun":
        this.#hasBegun = true;
        this.#unwatch = guard.watch(message.threadId, () =>
          this.#kill.abort(coreError("TASK_OUT_OF_MEMORY", { taskId: task.id, limitMb: maxMemoryMb })),
        );
        return;
      case "line":
        return services.logs.write(this.#job, message.line);
      case "metric":
        return services.record(run.dag.id, task.id, message.sample);
      case "call":
        return void this.#answer(message);
      case "spent":
        this.#spent = message.outcome;
        this.#kill.abort();
    }
  }

  #ownStreams(): ThreadStreams {
    const { backend, chunksOf } = this.#tools.services;
    this.#streams ??= new ThreadStreams(backend, chunksOf(this.#job.taskInstanceNo, this.#job.attempt));
    return this.#streams;
  }

  async #answer({ no, name, args }: Extract<FromThread, { kind: "call" }>): Promise<void> {
    try {
      const calls = engineCalls(this.#tools.services, this.#job, this.#ownStreams());
      if (!Object.hasOwn(calls, name)) throw coreError("THREAD_CALL_REFUSED", { name: shown(name) });
      const call = calls[name as keyof typeof calls] as (...given: readonly unknown[]) => Promise<unknown>;
      const value = await call(...args);
      this.#post({ kind: "answer", no, value });
    } catch (error) {
      this.#post({ kind: "refusal", no, error: plainError(error) });
    }
  }

  /** Tells the attempt to stop, and ends its thread if it has not done so when the grace is over. */
  #stop(reason: unknown): void {
    const { clock, services, killGraceMs } = this.#tools;
    const { task } = this.#job;
    this.#post({ kind: "abort", reason: plainError(reason) });
    void clock.sleep(killGraceMs, this.#over.signal).then(() => {
      if (this.#over.signal.aborted) return;
      const error = coreError("TASK_KILLED", { taskId: task.id, grace: formatDuration(killGraceMs) });
      const line = { at: services.now(), level: "warn", message: error.message, fields: null } as const;
      services.logs.write(this.#job, line);
      this.#kill.abort(error);
    });
  }

  /** Why a thread that was making the attempt is no more. */
  #lost(error: unknown): MillraceError {
    const taskId = this.#job.task.id;
    if ((error as { readonly code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY")
      return coreError("TASK_OUT_OF_MEMORY", { taskId, limitMb: this.#tools.maxMemoryMb });
    const exitCode = /^worker exited with code: (-?\d+)$/.exec(messageOf(error))?.[1];
    if (exitCode !== undefined) return coreError("TASK_THREAD_EXITED", { taskId, exitCode });
    return coreError("THREAD_FAILED", this.#said(error), { cause: error });
  }

  #said(error: unknown): { readonly taskId: string; readonly why: string } {
    return { taskId: this.#job.task.id, why: messageOf(error) };
  }

  #post(message: ToThread): void {
    this.#channel.port1.postMessage(message);
  }
}

function outcomeOf({ thrown, ...outcome }: PlainOutcome): JobOutcome {
  return thrown === undefined ? outcome : { ...outcome, thrown: errorOf(thrown) };
}

/** The outcome of an attempt that could not be made, or not to its end. */
export function failedWith(thrown: unknown, { task }: Job): JobOutcome {
  return {
    state: "failed",
    thrown,
    error: storedError(thrown, task.id),
    isFinal: false,
    wakeAt: null,
    awaits: null,
    xcoms: [],
    deletes: [],
  };
}
