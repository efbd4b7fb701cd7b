import { createHash } from "node:crypto";

/** How the delay grows from one retry to the next. */
export type Backoff =
  | "fixed"
  | "linear"
  | "exponential"
  | { readonly factor: number }
  | ((attempt: number, error: unknown) => number);

export interface RetryDelayPolicy {
  /** Base delay in milliseconds. */
  readonly delayMs: number;
  readonly backoff: Backoff;
  /** Upper limit in milliseconds; the hard limit of 24 hours holds beside it. */
  readonly maxDelayMs: number;
  /** Spreads an exponential delay over [d, 2d); deterministic for one task instance and attempt. */
  readonly jitter: boolean;
}

const hardLimitMs = 86_400_000;

/**
 * The wait before the next attempt, in milliseconds.
 *
 * Exponential growth with jitter is Airflow's formula (`TaskInstance.next_retry_datetime`), in whole seconds:
 * `base = max(1, ceil(delay * factor^(attempt-1)))`, `wait = base + sha1(seed) mod base`, at most 24 h and `maxDelay`.
 *
 * @param attempt - number of the attempt that failed, counted from 1
 * @param seed - names task instance and attempt, so that the jitter is the same whenever it is asked for
 */
export function retryDelayMs(policy: RetryDelayPolicy, attempt: number, seed: string, error?: unknown): number {
  const limitMs = Math.min(hardLimitMs, policy.maxDelayMs);
  const { backoff } = policy;
  if (typeof backoff === "function") return clamp(backoff(attempt, error), limitMs);
  if (backoff === "fixed") return spread(policy.delayMs, policy.jitter, seed, limitMs);
  if (backoff === "linear") return spread(policy.delayMs * Math.max(attempt, 1), policy.jitter, seed, limitMs);
  const factor = backoff === "exponential" ? 2 : backoff.factor;
  return clamp(
    exponentialSeconds(policy.delayMs / 1_000, factor, attempt, policy.jitter ? seed : undefined) * 1_000,
    limitMs,
  );
}

/**
 * The text that Airflow hashes for the jitter of a task instance's attempt, so that both draw the same delays:
 * `dag#task#2024-01-01 00:00:00+00:00#1`, with six digits of a fraction where there is one.
 */
export function jitterSeed(dagId: string, taskId: string, logicalDateMs: number, attempt: number): string {
  const [date, time] = new Date(logicalDateMs).toISOString().slice(0, -1).split("T");
  return `${dagId}#${taskId}#${date} ${time.endsWith(".000") ? time.slice(0, -4) : `${time}000`}+00:00#${attempt}`;
}

function exponentialSeconds(delay: number, factor: number, attempt: number, seed: string | undefined): number {
  const grown = Math.ceil(delay * factor ** (attempt - 1));
  const base = Number.isFinite(grown) ? Math.min(Math.max(1, grown), 86_400) : 86_400;
  return seed === undefined ? base : base + jitterOf(seed, base);
}

function spread(ms: number, jitter: boolean, seed: string, limitMs: number): number {
  const base = Math.round(ms);
  return clamp(jitter && base > 0 ? base + jitterOf(seed, base) : base, limitMs);
}

function jitterOf(seed: string, base: number): number {
  const hash = createHash("sha1").update(seed).digest("hex");
  return Number(BigInt(`0x${hash}`) % BigInt(base));
}

function clamp(ms: number, limitMs: number): number {
  if (!Number.isFinite(ms)) return limitMs;
  return Math.min(Math.max(Math.round(ms), 0), limitMs);
}
