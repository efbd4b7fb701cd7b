import type { MillraceError } from "@millrace/core/plugin";
import { type BreakerSettings, type CircuitBreakerOptions, parseBreakerOptions } from "./breaker-options.ts";
import { type BreakerFailure, type BreakerRecord, type BreakerState, failureOf } from "./breaker-record.ts";
import { isCancellation } from "./cancellation.ts";
import { resilienceError } from "./errors.ts";
import { SharedRecord } from "./shared-record.ts";
import {
  admit,
  type CallOutcome,
  isolate,
  reset,
  type Settlement,
  settle,
  type Ticket,
  type TransitionReason,
} from "./transitions.ts";

/** What a listener is told, once per transition, by the instance that made it. Instants are milliseconds. */
export interface BreakerTransition {
  readonly name: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: TransitionReason;
  readonly at: number;
  readonly failureCount: number;
  /** When the next probe may go through; `null` unless the breaker is open (and not held open by hand). */
  readonly nextProbeAt: number | null;
  readonly lastFailure: BreakerFailure | null;
}

/** A breaker at one moment, as it stands in the store. */
export interface BreakerSnapshot {
  readonly name: string;
  readonly state: BreakerState;
  readonly failureCount: number;
  readonly isolated: boolean;
  readonly openings: number;
  readonly openedAt: number | null;
  readonly nextProbeAt: number | null;
  readonly lastFailure: BreakerFailure | null;
}

const neverAborted = new AbortController().signal;

/**
 * Keeps callers away from a source that fails. Make one with {@link circuitBreaker}.
 *
 * CLOSED lets calls through and counts failures; after `failureThreshold` of them in a row it is OPEN and refuses
 * calls for `timeoutSeconds`; then it is HALF_OPEN and lets exactly one probe through, whose outcome closes or reopens it.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #record: SharedRecord;
  readonly #listeners = new Set<(transition: BreakerTransition) => void>();

  /** @throws `BREAKER_OPTION_INVALID` */
  constructor(options: CircuitBreakerOptions) {
    this.#settings = parseBreakerOptions(options);
    this.#record = new SharedRecord(this.#settings);
  }

  get name(): string {
    return this.#settings.name;
  }

  /** The state as this instance last saw it. Others may have changed it since: {@link CircuitBreaker.read} looks. */
  get state(): BreakerState {
    return this.#record.last.state;
  }

  /** Failures in a row, as this instance last saw it. */
  get failureCount(): number {
    return this.#record.last.failureCount;
  }

  /** The same as `failureCount`. */
  get failure_count(): number {
    return this.failureCount;
  }

  /**
   * Calls `fn` if the breaker lets it through, and answers with what it returned or threw.
   *
   * An error counts as a failure unless `counts` says otherwise, or `signal` was aborted and the error says so.
   *
   * @throws `BREAKER_OPEN` without calling `fn`: while open, and while another caller's probe is under way
   * @example
   * ```ts
   * import { circuitBreaker } from "@millrace/resilience";
   * const breaker = circuitBreaker({ name: "quotes" });
   * console.log(await breaker.call(() => 42)); // 42
   * ```
   */
  async call<T>(
    fn: (signal: AbortSignal) => T | PromiseLike<T>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    const ticket = await this.#enter();
    let result: T;
    try {
      signal?.throwIfAborted();
      result = await fn(signal ?? neverAborted);
    } catch (error) {
      await this.#leave(ticket, this.#outcomeOf(error, signal));
      throw error;
    }
    await this.#leave(ticket, { kind: "success" });
    return result;
  }

  /** Looks into the store. While that fails, answers what was seen last. */
  async read(): Promise<BreakerSnapshot> {
    const record = (await this.#record.read()) ?? this.#record.last;
    return {
      name: this.name,
      state: record.state,
      failureCount: record.failureCount,
      isolated: record.isolated,
      openings: record.openings,
      openedAt: record.openedAt,
      nextProbeAt: nextProbeAt(record),
      lastFailure: record.lastFailure,
    };
  }

  /** Closes the breaker by hand and forgets its failures. */
  async reset(): Promise<void> {
    const now = this.#settings.clock.now();
    this.#announce(await this.#record.change((record) => reset(record, now, this.#settings.policy)), now);
  }

  /** Opens the breaker by hand; it refuses calls until {@link CircuitBreaker.reset}. */
  async isolate(): Promise<void> {
    const now = this.#settings.clock.now();
    this.#announce(await this.#record.change((record) => isolate(record, now)), now);
  }

  /** Tells `listener` of every transition that this instance makes; gives back how to stop. A listener that throws is ignored. */
  onTransition(listener: (transition: BreakerTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets go of the listeners. The stored state stays as it is. */
  close(): void {
    this.#listeners.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** A ticket for the call, or none when the store fails: then the call goes through and nobody counts it. */
  async #enter(): Promise<Ticket | undefined> {
    const { clock, randomness, policy } = this.#settings;
    const token = randomness.hex(8);
    const now = clock.now();
    const admission = await this.#record.change((record) => admit(record, now, token, policy));
    if (!admission) return undefined;
    if (!admission.allowed) throw this.#refusal(admission.next, admission.retryAt, now);
    this.#announce(admission, now);
    return admission.ticket;
  }

  async #leave(ticket: Ticket | undefined, outcome: CallOutcome): Promise<void> {
    if (!ticket) return;
    const { clock, randomness, policy } = this.#settings;
    const now = clock.now();
    const roll = policy.jitter === 0 ? 0.5 : Number.parseInt(randomness.hex(4), 16) / 2 ** 32;
    this.#announce(await this.#record.change((record) => settle(record, ticket, outcome, now, roll, policy)), now);
  }

  #outcomeOf(error: unknown, signal: AbortSignal | undefined): CallOutcome {
    if (isCancellation(error, signal)) return { kind: "cancelled" };
    if (!this.#counts(error)) return { kind: "success" };
    return { kind: "failure", failure: failureOf(error, this.#settings.clock.now()) };
  }

  #counts(error: unknown): boolean {
    try {
      return this.#settings.counts(error);
    } catch {
      // A policy that throws must not hide the error that it was asked about.
      return true;
    }
  }

  #refusal(record: BreakerRecord, retryAt: number | null, now: number): MillraceError {
    const when = retryAt === null ? "someone resets it" : new Date(retryAt).toISOString();
    const seconds = retryAt === null ? undefined : Math.max(0, Math.ceil((retryAt - now) / 1_000));
    const why = record.isolated
      ? "it is held open by hand"
      : record.state === "HALF_OPEN"
        ? `another caller's probe is under way, its claim ends in ${seconds} s`
        : `the next probe may go through in ${seconds} s`;
    return resilienceError("BREAKER_OPEN", {
      name: this.name,
      state: record.state,
      failureCount: record.failureCount,
      why,
      retryAt: when,
      retryInSeconds: seconds,
    });
  }

  #announce(settlement: Pick<Settlement, "next" | "transition"> | undefined, at: number): void {
    if (!settlement?.transition) return;
    const { next, transition } = settlement;
    const event = { ...transition, name: this.name, at, failureCount: next.failureCount };
    for (const listener of this.#listeners) {
      try {
        listener({ ...event, nextProbeAt: nextProbeAt(next), lastFailure: next.lastFailure });
      } catch {
        // What a listener does must not decide whether a call succeeds.
      }
    }
  }
}

/**
 * A circuit breaker: after some failures in a row it refuses calls for a while, then tries with a single probe.
 *
 * Its state is kept in `store` under its name, so breakers of one name share it between callers, processes and restarts.
 *
 * @throws `BREAKER_OPTION_INVALID`
 * @example
 * ```ts
 * import { circuitBreaker } from "@millrace/resilience";
 * const breaker = circuitBreaker({ name: "quotes", failureThreshold: 1, timeoutSeconds: 60 });
 * await breaker.call(() => Promise.reject(new Error("down"))).catch(() => {});
 * console.log(breaker.state); // OPEN
 * ```
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new CircuitBreaker(options);
}

function nextProbeAt(record: BreakerRecord): number | null {
  if (record.isolated) return null;
  if (record.state === "OPEN" && record.openedAt !== null) return record.openedAt + record.openForMs;
  return record.state === "HALF_OPEN" && record.probe ? record.probe.until : null;
}
