import type { Clock, Randomness } from "@millrace/core/plugin";
import { errorOf, type Failure, failureOf, RequestTimeout } from "./failures.ts";
import type { S3Settings } from "./options.ts";
import type { S3Port } from "./port.ts";

/** The longest pause before the first repetition; it doubles with each, up to the cap. */
const pauseMs = 100;
const throttledPauseMs = 500;
const longestPauseMs = 20_000;
const mostAttempts = 10;

/** So much may be sent in a second by the slowest network that is waited for. */
const slowestBytesPerMs = 64;

/** What a request is about. */
export interface Asked {
  /** A verb for people: `write`, `read`, `remove`, `list`, `look at`. */
  readonly operation: string;
  readonly bucket: string;
  readonly key?: string;
  /** How much the request sends: more takes longer. */
  readonly sizeBytes?: number;
  /** Whether a store that knows no newer checksums would refuse it. */
  readonly withChecksums?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Default: the place's. */
  readonly deadlineMs?: number;
  /** Answers a failure in another way than by an error; `undefined` lets it be one, `"again"` repeats at once. */
  answer?(failure: Failure, attempt: number): Promise<"again" | undefined> | "again" | undefined;
}

/** All requests of a place go through here: each is repeated while that may help, and ends in an error with a code. */
export class S3Requests {
  readonly settings: S3Settings;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** What the store turned out not to know. */
  readonly store: { takesConditions: boolean; wantsMd5: boolean; takesBulk: boolean };
  readonly #connect: () => Promise<S3Port>;
  #port: Promise<S3Port> | undefined;

  constructor(settings: S3Settings, clock: Clock, randomness: Randomness, connect: () => Promise<S3Port>) {
    this.settings = settings;
    this.clock = clock;
    this.randomness = randomness;
    this.store = { takesConditions: settings.conditionalWrites, wantsMd5: false, takesBulk: true };
    this.#connect = connect;
  }

  /**
   * Asks until there is an answer, patience ends, or nobody waits any more.
   *
   * @param work - makes the request once; what it gets as `attempt` counts from 1
   * @throws an error with a code, or the reason of `asked.signal`
   */
  async ask<T>(asked: Asked, work: (port: S3Port, signal: AbortSignal, attempt: number) => Promise<T>): Promise<T> {
    const began = this.#monotonic();
    const deadlineMs = asked.deadlineMs ?? this.settings.deadlineMs;
    for (let attempt = 1; ; attempt++) {
      asked.signal?.throwIfAborted();
      const left = deadlineMs - (this.#monotonic() - began);
      try {
        const port = await this.#connected();
        return await this.#within(Math.min(this.#timeoutMs(asked), left), asked.signal, (signal) =>
          work(port, signal, attempt),
        );
      } catch (thrown) {
        asked.signal?.throwIfAborted();
        const failure = failureOf(thrown, this.clock.now());
        if ((await asked.answer?.(failure, attempt)) === "again") continue;
        const elapsedMs = this.#monotonic() - began;
        const pause = this.#pauseMs(failure, attempt);
        const mayTryAgain = failure.mayTryAgain && attempt < mostAttempts && elapsedMs + pause < deadlineMs;
        if (!mayTryAgain)
          throw errorOf(thrown, failure, {
            ...asked,
            withChecksums: asked.withChecksums === true && this.settings.checksums === "supported",
            attempts: attempt,
            elapsedMs,
          });
        await this.clock.sleep(pause, asked.signal);
      }
    }
  }

  /** Lets go of the connections; the next request opens new ones. */
  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    await (await port)?.close();
  }

  /**
   * Watches over something that gives signs of life: aborts it when none came for the time that a request may take.
   *
   * @returns what stops the watch
   */
  watch(signsOfLife: () => number, watched: AbortController): () => void {
    const over = new AbortController();
    const look = async (): Promise<void> => {
      for (let seen = signsOfLife(); ; seen = signsOfLife()) {
        await this.clock.sleep(this.settings.requestTimeoutMs, over.signal);
        if (over.signal.aborted) return;
        if (signsOfLife() === seen) return watched.abort(new RequestTimeout("no byte came in time"));
      }
    };
    void look();
    return () => over.abort();
  }

  /** Waits as before the n-th repetition. */
  pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    return this.clock.sleep(this.#jitter(pauseMs, attempt), signal);
  }

  #connected(): Promise<S3Port> {
    this.#port ??= this.#connect().catch((error: unknown) => {
      this.#port = undefined;
      throw error;
    });
    return this.#port;
  }

  /** Ends the work when time is up, also if the work takes no notice of its signal. */
  async #within<T>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ended = new AbortController();
    const over = new AbortController();
    const leave = follow(outer, ended);
    void this.clock.sleep(ms, over.signal).then(() => {
      if (!over.signal.aborted) ended.abort(new RequestTimeout("no answer came in time"));
    });
    try {
      const stopped = new Promise<never>((_, reject) => {
        ended.signal.addEventListener("abort", () => reject(ended.signal.reason as Error), { once: true });
      });
      return await Promise.race([work(ended.signal), stopped]).catch((error: unknown) => {
        throw ended.signal.aborted ? ended.signal.reason : error;
      });
    } finally {
      leave();
      over.abort();
    }
  }

  #timeoutMs({ sizeBytes = 0 }: Asked): number {
    return this.settings.requestTimeoutMs + sizeBytes / slowestBytesPerMs;
  }

  #pauseMs({ kind, retryAfterMs = 0 }: Failure, attempt: number): number {
    return Math.max(retryAfterMs, this.#jitter(kind === "throttled" ? throttledPauseMs : pauseMs, attempt));
  }

  /** Full jitter: anything between nothing and the longest pause, so that those who failed together do not come back together. */
  #jitter(first: number, attempt: number): number {
    const longest = Math.min(longestPauseMs, first * 2 ** (attempt - 1));
    return (Number.parseInt(this.randomness.hex(4), 16) / 2 ** 32) * longest;
  }

  #monotonic(): number {
    return this.clock.monotonic ? this.clock.monotonic() : this.clock.now();
  }
}

/** Ends the one when the other is aborted. */
function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (!signal) return () => undefined;
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
