/**
 * True when the caller's own signal was aborted and the error is the echo of that: the signal's reason itself, an
 * `AbortError`, or an error caused by one of these. An `AbortError` from elsewhere (a time limit inside the call) is not.
 */
export function isCancellation(error: unknown, signal: AbortSignal | undefined): boolean {
  if (!signal?.aborted) return false;
  let current: unknown = error;
  for (let depth = 0; depth < 10; depth++) {
    if (current === signal.reason) return true;
    if (typeof current !== "object" || current === null) return false;
    if ((current as { name?: unknown }).name === "AbortError") return true;
    current = (current as { cause?: unknown }).cause;
  }
  return false;
}
