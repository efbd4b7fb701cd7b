import { type Clock, type Randomness, shown, systemClock, systemRandomness } from "@millrace/core/plugin";
import { type BreakerStore, memoryBreakerStore } from "./breaker-store.ts";
import { resilienceError } from "./errors.ts";
import type { BreakerPolicy } from "./transitions.ts";
import { consecutiveFailures, type TripRule } from "./trip-rule.ts";

export interface CircuitBreakerOptions {
  /** Names the breaker in its store: breakers of one name and store share their state. 1 to 200 characters. */
  readonly name: string;
  /** Failures in a row that open the breaker. Default 3. */
  readonly failureThreshold?: number;
  /** The same as `failureThreshold`. */
  readonly failure_threshold?: number;
  /** Seconds that the breaker stays open before it lets a probe through. Default 300. */
  readonly timeoutSeconds?: number;
  /** The same as `timeoutSeconds`. */
  readonly timeout_seconds?: number;
  /** Factor by which the open period grows each time a probe fails. Default 1: it does not. */
  readonly timeoutGrowth?: number;
  /** Longest open period, in seconds. Default: the larger of 900 and `timeoutSeconds`. */
  readonly maxTimeoutSeconds?: number;
  /** Spreads the open period by this share to both sides, 0 to 1. Default 0. */
  readonly jitter?: number;
  /** Seconds after which a probe that never came back no longer keeps others from probing. Default `timeoutSeconds`. */
  readonly probeTimeoutSeconds?: number;
  /** Probes in a row that must succeed before the breaker closes. Default 1. */
  readonly successThreshold?: number;
  /** Another rule for opening than failures in a row, for example `() => new CountBreaker({ size: 10, threshold: 0.5 })`. */
  readonly tripWhen?: () => TripRule;
  /**
   * Is this error the source's failure? Default: every error. One that does not count (a 404, say) is an answer,
   * so it works like a success. Cancellation through the caller's signal is never asked about and never counts.
   */
  readonly counts?: (error: unknown) => boolean;
  /** Where the state is kept. Default: in memory. */
  readonly store?: BreakerStore;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** For probe tokens and jitter. Default: the operating system's. */
  readonly randomness?: Randomness;
  /** Told once when the store fails (and once more when it fails again after a recovery). Default `process.emitWarning`. */
  readonly warn?: (message: string) => void;
}

/** The options with every default filled in. */
export interface BreakerSettings {
  readonly name: string;
  readonly policy: BreakerPolicy;
  readonly counts: (error: unknown) => boolean;
  readonly store: BreakerStore;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly warn: (message: string) => void;
}

const namePattern = /^[^\u0000-\u001f\u007f-\u009f]{1,200}$/u;

/** @throws `BREAKER_OPTION_INVALID` */
export function parseBreakerOptions(options: CircuitBreakerOptions): BreakerSettings {
  const { name } = options;
  const refuse = (option: string, value: unknown, expected: string): never => {
    throw resilienceError("BREAKER_OPTION_INVALID", { option, name: shown(name), value: shown(value), expected });
  };
  if (typeof name !== "string" || !namePattern.test(name)) {
    refuse("name", name, "it must be 1 to 200 characters without control characters");
  }
  const oneSpelling = (main: "failureThreshold" | "timeoutSeconds", other: "failure_threshold" | "timeout_seconds") => {
    const [a, b] = [options[main], options[other]];
    if (a !== undefined && b !== undefined && a !== b) refuse(other, b, `'${main}' says ${a}`);
    return a ?? b;
  };
  const count = (option: string, value: number): number =>
    Number.isSafeInteger(value) && value >= 1 ? value : refuse(option, value, "it must be a whole number from 1");
  const seconds = (option: string, value: number): number =>
    Number.isFinite(value) && value > 0 ? value : refuse(option, value, "it must be a number of seconds above 0");

  const failureThreshold = count("failureThreshold", oneSpelling("failureThreshold", "failure_threshold") ?? 3);
  const timeoutSeconds = seconds("timeoutSeconds", oneSpelling("timeoutSeconds", "timeout_seconds") ?? 300);
  const maxTimeoutSeconds = seconds("maxTimeoutSeconds", options.maxTimeoutSeconds ?? Math.max(900, timeoutSeconds));
  if (maxTimeoutSeconds < timeoutSeconds) {
    refuse("maxTimeoutSeconds", maxTimeoutSeconds, `'timeoutSeconds' is ${timeoutSeconds}`);
  }
  const growth = options.timeoutGrowth ?? 1;
  if (!Number.isFinite(growth) || growth < 1) refuse("timeoutGrowth", growth, "it must be a number from 1");
  const jitter = options.jitter ?? 0;
  if (!(jitter >= 0 && jitter <= 1)) refuse("jitter", jitter, "it must lie between 0 and 1");

  return {
    name,
    policy: {
      makeRule: options.tripWhen ?? consecutiveFailures(failureThreshold),
      openForMs: timeoutSeconds * 1_000,
      growth,
      maxOpenForMs: maxTimeoutSeconds * 1_000,
      jitter,
      probeClaimMs: seconds("probeTimeoutSeconds", options.probeTimeoutSeconds ?? timeoutSeconds) * 1_000,
      successThreshold: count("successThreshold", options.successThreshold ?? 1),
    },
    counts: options.counts ?? (() => true),
    store: options.store ?? memoryBreakerStore(),
    clock: options.clock ?? systemClock,
    randomness: options.randomness ?? systemRandomness,
    warn: options.warn ?? ((message) => process.emitWarning(message, { code: "MILLRACE_BREAKER_STORE" })),
  };
}
