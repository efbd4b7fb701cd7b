import { Worker } from "node:worker_threads";
import { coreError, type MillraceError } from "../../errors.ts";
import { MemoryGuard } from "../../runtime/threads/memory-guard.ts";
import type { Clock } from "../../time/clock.ts";
import { processMeter } from "../../time/meter.ts";
import type { Bundle } from "./bundle-folder.ts";
import { unpackError } from "./carried-error.ts";
import type { ProbeAnswer, ProbeQuestion } from "./probe-worker.ts";

/** What a DAG file may take while it is loaded for the first time. */
export interface ProbeLimits {
  readonly timeLimitMs: number;
  readonly memoryMb: number;
  readonly clock: Clock;
}

/** Ids of the DAGs that a bundle exports, or why it may not be loaded, or that no probe can be made here. */
export type ProbeVerdict = { readonly dagIds: readonly string[] } | { readonly error: MillraceError } | "no probe";

type Ended = ProbeAnswer | { readonly kind: "late" | "too_large" } | { readonly kind: "gone"; readonly error?: Error };

interface Thread {
  readonly worker: Worker;
  /** Bundles that were loaded in it. */
  served: number;
  hasEnded: boolean;
}

const graceMs = 2_000;
/** A busy machine may take long to start a thread; that is no file's fault. */
const longestStartMs = 60_000;

/**
 * Loads bundles in a thread before the main thread does, so that one that throws, hangs, exits, takes all memory or
 * never comes to rest harms nobody. One thread serves many bundles, until one is bad.
 */
export class Prober {
  readonly #limits: ProbeLimits;
  readonly #guard: MemoryGuard;
  #thread: Thread | undefined;
  #cannot = false;

  constructor(limits: ProbeLimits) {
    this.#limits = limits;
    this.#guard = new MemoryGuard(() => (this.#thread ? [this.#thread.worker] : []), limits.memoryMb, processMeter);
  }

  /** Probes a bundle; one after the other. */
  async probe(bundle: Bundle): Promise<ProbeVerdict> {
    const thread = await this.#ready();
    if (thread === undefined) return "no probe";
    const isFirst = thread.served++ === 0;
    const question: ProbeQuestion = { bundle, graceMs };
    const tooLarge = Promise.withResolvers<Ended>();
    const unwatch = this.#guard.watch(thread.worker.threadId, () => tooLarge.resolve({ kind: "too_large" }));
    thread.worker.postMessage(question);
    const ended = await Promise.race([this.#next(thread.worker, this.#limits.timeLimitMs), tooLarge.promise]);
    unwatch();
    if (ended.kind === "ready") return "no probe";
    if (ended.kind === "good") return { dagIds: ended.dagIds };
    await this.close();
    // What was loaded before takes memory too, and may still be at work: the bundle gets a thread of its own.
    if ((ended.kind === "gone" || ended.kind === "too_large") && !isFirst) return this.probe(bundle);
    return { error: this.#errorOf(bundle, ended) };
  }

  /** A thread in the middle of something that cannot be stopped is left to itself. */
  async close(): Promise<void> {
    void this.#thread?.worker.terminate();
    this.#thread = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The thread, or `undefined` where none can be started, for example because a bundler left its file out. */
  async #ready(): Promise<Thread | undefined> {
    if (this.#thread?.hasEnded === false || this.#cannot) return this.#thread;
    this.#thread = await this.#start();
    this.#cannot = this.#thread === undefined;
    return this.#thread;
  }

  async #start(): Promise<Thread | undefined> {
    const worker = new Worker(workerFile(), {
      name: "millrace-probe",
      // What a file prints is printed when the main thread loads it.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MemoryGuard.heapLimitMb(this.#limits.memoryMb) },
      execArgv: threadFlags(),
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const thread = { worker, served: 0, hasEnded: false };
    worker.once("exit", () => {
      thread.hasEnded = true;
    });
    const first = await this.#next(worker, longestStartMs);
    if (first.kind === "ready") return thread;
    void worker.terminate();
    return undefined;
  }

  /** The next thing that is heard from a thread, or that it is late or gone. */
  async #next(worker: Worker, limitMs: number): Promise<Ended> {
    const heard = new AbortController();
    const late = this.#limits.clock.sleep(limitMs, heard.signal).then((): Ended => ({ kind: "late" }));
    const told = new Promise<Ended>((resolve) => {
      const isGone = (): void => resolve({ kind: "gone" });
      worker.removeAllListeners("message").once("message", resolve);
      worker.removeAllListeners("error").once("error", (error) => resolve({ kind: "gone", error: error as Error }));
      worker.once("exit", isGone);
      heard.signal.addEventListener("abort", () => worker.off("exit", isGone));
    });
    const ended = await Promise.race([told, late]);
    heard.abort();
    // What a thread has to say later is not heard.
    worker.removeAllListeners("error").on("error", () => undefined);
    return ended;
  }

  #errorOf({ path }: Bundle, ended: Exclude<Ended, { readonly kind: "good" | "ready" }>): MillraceError {
    const failed = (why: string, cause?: Error): MillraceError =>
      coreError("DAG_FILE_FAILED", { path, why }, { cause });
    switch (ended.kind) {
      case "failed":
        return unpackError(ended.error) as MillraceError;
      case "exiting":
        return failed(`it ended the process (process.exit(${ended.code}))`, unpackError(ended.error));
      case "left_open":
        return failed(
          `it leaves open what keeps a process alive (${counted(ended.what)}); open such things inside tasks, or close them`,
        );
      case "late":
        return failed(
          `it was still loading after ${this.#limits.timeLimitMs / 1_000} s; perhaps it loops for ever, or a top-level await in it never settles`,
        );
      case "too_large":
        return failed(`it took more than ${this.#limits.memoryMb} MB of memory while it was loaded`);
      case "gone":
        return failed(ended.error?.message ?? "its thread ended while it was loaded", ended.error);
    }
  }
}

/** `Timeout, 2 × TCPServerWrap` */
function counted(names: readonly string[]): string {
  return [...new Set(names)]
    .map((name) => [names.filter((other) => other === name).length, name] as const)
    .map(([count, name]) => (count === 1 ? name : `${count} × ${name}`))
    .join(", ");
}

/** Those of the process, unless they say what the main thread's own program is. */
function threadFlags(): string[] | undefined {
  const flags = process.execArgv;
  if (!flags.some((flag) => /^--(?:input-type|eval|print)\b|^-[ep]$/.test(flag))) return undefined;
  return flags.flatMap((flag, at) => {
    if (/^--conditions=|^-C=/.test(flag)) return [flag];
    return flag === "--conditions" || flag === "-C" ? [`--conditions=${flags[at + 1]}`] : [];
  });
}

/** Written out twice, so that bundlers see which file is meant. */
function workerFile(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./probe-worker.ts", import.meta.url)
    : new URL("./config/bundles/probe-worker.js", import.meta.url);
}
