import { coreError, isMillraceError, type MillraceError, messageOf } from "../errors.ts";
import { type Clock, monotonicOf } from "../time/clock.ts";

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** Longer than any pause before a failed group is written again. */
const quietMs = 10_000;

/** Errors of the store that no waiting mends. */
const fatal = ["STORE_CLOSED", "STORE_CORRUPT", "STORE_NEWER", "STORE_LOCKED", "STORE_DEVICE_FAILED"];

/** What follows a failed group: another try after a pause, or the end of the engine. */
export type AfterFailure = { readonly pauseMs: number } | { readonly stop: MillraceError };

/** How long a store that cannot be written is put up with; pauses between tries grow. */
export class Patience {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Failed groups since the last one that succeeded, and since when. */
  #failures = 0;
  #failingSince = 0;
  #failedAt = 0;
  /** The same by the clock on the wall; `null`: the last group was written. */
  failingAt: number | null = null;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.failingAt = null;
  }

  /**
   * @param begunAt - when the group was begun, by the monotonic clock: if nothing had to be written for a while after the
   *   failure before, that says nothing about the time between
   */
  failed(cause: unknown, begunAt: number): AfterFailure {
    const now = monotonicOf(this.#clock);
    if (begunAt - this.#failedAt > quietMs) this.succeeded();
    this.#failedAt = now;
    if (this.#failures++ === 0) {
      this.#failingSince = now;
      this.failingAt = this.#clock.now();
    }
    const failingMs = now - this.#failingSince;
    if (failingMs < this.#patienceMs && !fatal.some((code) => isMillraceError(cause, code)))
      return { pauseMs: Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs) };
    const seconds = Math.round(failingMs / 1_000);
    return { stop: coreError("ENGINE_STOPPED", { seconds, why: messageOf(cause) }, { cause }) };
  }
}
