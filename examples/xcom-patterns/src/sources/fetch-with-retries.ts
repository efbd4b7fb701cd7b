import type { Clock } from "@millrace/core";
import type { CircuitBreaker } from "@millrace/resilience";

/** What came of asking an unreliable source. `attempts` counts calls that were really made. */
export type FetchOutcome<T> =
  | { readonly status: "received"; readonly value: T; readonly attempts: number }
  | { readonly status: "failed"; readonly error: unknown; readonly attempts: number };

const triesAtMost = 4;
const firstDelayMs = 50;

/**
 * Asks through the breaker, again after 50, 100, 200 ms while the source fails. As soon as the breaker is open nobody
 * asks any more: what it knows spares the source, and the caller's time.
 */
export async function fetchWithRetries<T>(
  fetch: (signal: AbortSignal) => Promise<T>,
  breaker: CircuitBreaker,
  clock: Clock,
  signal: AbortSignal,
): Promise<FetchOutcome<T>> {
  let attempts = 0;
  const counted = (inner: AbortSignal): Promise<T> => {
    attempts++;
    return fetch(inner);
  };
  for (let tries = 1; ; tries++) {
    try {
      return { status: "received", value: await breaker.call(counted, { signal }), attempts };
    } catch (error) {
      signal.throwIfAborted();
      const isOpen = (error as { code?: unknown }).code === "BREAKER_OPEN";
      if (isOpen || tries === triesAtMost) return { status: "failed", error, attempts };
    }
    await clock.sleep(firstDelayMs * 2 ** (tries - 1), signal);
  }
}
