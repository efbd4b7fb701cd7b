/**
 * The engine's only source of time. Tests move one by hand; nothing else in the engine reads the time or sleeps.
 */
export interface Clock {
  /** Milliseconds since the epoch: the clock on the wall, which people and machines may set. */
  now(): number;
  /**
   * Milliseconds since some beginning, which nobody sets: the difference of two readings is the time that has passed.
   * Default: `now`, for clocks that are never set.
   */
  monotonic?(): number;
  /**
   * Resolves when so many milliseconds have passed, or the wall's clock has come to where it would be then, if it was set
   * forward; resolves early when the signal aborts. Never rejects.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Time that has passed: what durations are measured by. */
export function monotonicOf(clock: Clock): number {
  return clock.monotonic ? clock.monotonic() : clock.now();
}

/** Longest wait in one piece: a machine that was asleep, or whose clock was set forward, is noticed after this long. */
const longestPieceMs = 60_000;

/** The machine's clock. A wait keeps the process alive until it is over or called off. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wallEnd = Date.now() + ms;
      const end = performance.now() + ms;
      let timer = setTimeout(look, Math.min(Math.max(ms, 0), longestPieceMs));
      signal?.addEventListener("abort", done, { once: true });
      function look(): void {
        const left = Math.min(wallEnd - Date.now(), end - performance.now());
        // A timer may fire a moment early by either clock: short waits are one piece, by their own time.
        if (ms <= longestPieceMs || left <= 0) return done();
        timer = setTimeout(look, Math.min(left, longestPieceMs));
      }
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    }),
};
