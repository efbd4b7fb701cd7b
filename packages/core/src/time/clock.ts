/**
 * The engine's only source of time. Tests move one by hand; nothing else in the engine reads the time or sleeps.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds of this clock; resolves early when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest wait in one piece: a machine that was asleep, or whose clock was set forward, is noticed after this long. */
const longestPieceMs = 60_000;

/** The machine's clock. A wait keeps the process alive until it is over or called off. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = Date.now() + ms;
      let timer = setTimeout(look, Math.min(Math.max(ms, 0), longestPieceMs));
      signal?.addEventListener("abort", done, { once: true });
      function look(): void {
        const left = end - Date.now();
        // A timer may fire a moment early by the clock on the wall: short waits are one piece, by their own time.
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
