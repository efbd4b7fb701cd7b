import type { BreakerFailure, BreakerRecord, BreakerState } from "./breaker-record.ts";
import { judge, type TripRule } from "./trip-rule.ts";

/** What the machine needs to know of the options. Pure: time and chance come in as arguments. */
export interface BreakerPolicy {
  readonly makeRule: () => TripRule;
  readonly openForMs: number;
  readonly growth: number;
  readonly maxOpenForMs: number;
  /** 0 = none; 0.2 spreads the open period over ±20 %. */
  readonly jitter: number;
  readonly probeClaimMs: number;
  readonly successThreshold: number;
}

export type TransitionReason =
  | "failures"
  | "open_period_over"
  | "probe_succeeded"
  | "probe_failed"
  | "reset"
  | "isolated";

export interface Transition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: TransitionReason;
}

/** Names a call that was let through, so that its outcome is matched with the period in which it began. */
export interface Ticket {
  readonly generation: number;
  /** Set when the call is the probe. */
  readonly token: string | null;
}

export type Admission =
  | {
      readonly allowed: true;
      readonly ticket: Ticket;
      readonly next: BreakerRecord;
      readonly transition: Transition | null;
    }
  | {
      readonly allowed: false;
      readonly next: BreakerRecord;
      /** When a call may be let through next; `null` while it is held open by hand. */
      readonly retryAt: number | null;
    };

/** May a call go through now? `next` is the same object when nothing has to be stored. */
export function admit(record: BreakerRecord, now: number, token: string, policy: BreakerPolicy): Admission {
  if (record.state === "CLOSED") {
    return { allowed: true, ticket: { generation: record.generation, token: null }, next: record, transition: null };
  }
  if (record.isolated) return { allowed: false, next: record, retryAt: null };
  const anchored = anchor(record, now, policy);
  if (anchored.state === "OPEN") {
    const retryAt = (anchored.openedAt ?? now) + anchored.openForMs;
    if (now < retryAt) return { allowed: false, next: anchored, retryAt };
    const next = { ...move(anchored, "HALF_OPEN", now), probeSuccesses: 0, probe: claim(token, now, policy) };
    const transition = { from: "OPEN", to: "HALF_OPEN", reason: "open_period_over" } as const;
    return { allowed: true, ticket: { generation: next.generation, token }, next, transition };
  }
  if (anchored.probe && now < anchored.probe.until) {
    return { allowed: false, next: anchored, retryAt: anchored.probe.until };
  }
  const next = { ...anchored, probe: claim(token, now, policy) };
  return { allowed: true, ticket: { generation: next.generation, token }, next, transition: null };
}

export type CallOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly failure: BreakerFailure }
  | { readonly kind: "cancelled" };

export interface Settlement {
  readonly next: BreakerRecord;
  readonly transition: Transition | null;
}

/** What a call's outcome does. Outcomes of an earlier period, or of a claim that ran out, change nothing. */
export function settle(
  record: BreakerRecord,
  ticket: Ticket,
  outcome: CallOutcome,
  now: number,
  roll: number,
  policy: BreakerPolicy,
): Settlement {
  if (record.generation !== ticket.generation) return unchanged(record);
  if (record.state === "HALF_OPEN") return settleProbe(record, ticket, outcome, now, roll, policy);
  if (record.state !== "CLOSED" || outcome.kind === "cancelled") return unchanged(record);
  const { trip, opens } = judge(policy.makeRule, record.trip, outcome.kind);
  if (outcome.kind === "success") {
    const isSame = record.failureCount === 0 && JSON.stringify(trip) === JSON.stringify(record.trip);
    return unchanged(isSame ? record : { ...record, failureCount: 0, trip });
  }
  const counted = { ...record, trip, failureCount: record.failureCount + 1, lastFailure: outcome.failure };
  if (!opens) return unchanged(counted);
  return {
    next: open(counted, 1, now, roll, policy),
    transition: { from: "CLOSED", to: "OPEN", reason: "failures" },
  };
}

function settleProbe(
  record: BreakerRecord,
  ticket: Ticket,
  outcome: CallOutcome,
  now: number,
  roll: number,
  policy: BreakerPolicy,
): Settlement {
  if (record.probe === null || record.probe.token !== ticket.token) return unchanged(record);
  if (outcome.kind === "cancelled") return unchanged({ ...record, probe: null });
  if (outcome.kind === "failure") {
    const failed = { ...record, failureCount: record.failureCount + 1, lastFailure: outcome.failure };
    return {
      next: open(failed, record.openings + 1, now, roll, policy),
      transition: { from: "HALF_OPEN", to: "OPEN", reason: "probe_failed" },
    };
  }
  const probeSuccesses = record.probeSuccesses + 1;
  if (probeSuccesses < policy.successThreshold) return unchanged({ ...record, probeSuccesses, probe: null });
  return {
    next: close(record, now, policy),
    transition: { from: "HALF_OPEN", to: "CLOSED", reason: "probe_succeeded" },
  };
}

/** Closes by hand, whatever the state, and forgets failures. */
export function reset(record: BreakerRecord, now: number, policy: BreakerPolicy): Settlement {
  const next = { ...close(record, now, policy), lastFailure: record.lastFailure };
  return { next, transition: record.state === "CLOSED" ? null : { from: record.state, to: "CLOSED", reason: "reset" } };
}

/** Opens by hand and stays open until it is reset. */
export function isolate(record: BreakerRecord, now: number): Settlement {
  if (record.isolated) return unchanged(record);
  const next = { ...move(record, "OPEN", now), isolated: true, openedAt: now, probe: null };
  return { next, transition: { from: record.state, to: "OPEN", reason: "isolated" } };
}

/** The open period of the nth opening in a row. */
export function openPeriodMs(openings: number, roll: number, policy: BreakerPolicy): number {
  const grown = Math.min(policy.openForMs * policy.growth ** (openings - 1), policy.maxOpenForMs);
  return Math.round(grown * (1 + policy.jitter * (2 * roll - 1)));
}

function open(
  record: BreakerRecord,
  openings: number,
  now: number,
  roll: number,
  policy: BreakerPolicy,
): BreakerRecord {
  const openForMs = openPeriodMs(openings, roll, policy);
  return { ...move(record, "OPEN", now), openings, openedAt: now, openForMs, probe: null, probeSuccesses: 0 };
}

function close(record: BreakerRecord, now: number, policy: BreakerPolicy): BreakerRecord {
  return {
    ...move(record, "CLOSED", now),
    failureCount: 0,
    trip: policy.makeRule().state,
    isolated: false,
    openedAt: null,
    openForMs: 0,
    openings: 0,
    probeSuccesses: 0,
    probe: null,
  };
}

function move(record: BreakerRecord, state: BreakerState, now: number): BreakerRecord {
  return { ...record, state, generation: record.generation + 1, changedAt: now };
}

/**
 * A clock that was set back would keep the breaker open for as long as the jump was.
 * Then the period begins anew at the present, so that it never lasts longer than it should from here.
 */
function anchor(record: BreakerRecord, now: number, policy: BreakerPolicy): BreakerRecord {
  if (record.state === "OPEN" && record.openedAt !== null && now < record.openedAt) return { ...record, openedAt: now };
  if (record.state === "HALF_OPEN" && record.probe && record.probe.until - now > policy.probeClaimMs) {
    return { ...record, probe: { ...record.probe, until: now + policy.probeClaimMs } };
  }
  return record;
}

function claim(token: string, now: number, policy: BreakerPolicy): BreakerRecord["probe"] {
  return { token, until: now + policy.probeClaimMs };
}

function unchanged(next: BreakerRecord): Settlement {
  return { next, transition: null };
}
