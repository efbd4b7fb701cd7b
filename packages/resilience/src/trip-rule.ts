import { ConsecutiveBreaker } from "cockatiel";

/**
 * Decides when a closed breaker opens. The shape is that of cockatiel's breakers, so `ConsecutiveBreaker` and
 * `CountBreaker` fit as they are. (`SamplingBreaker` reads the machine's clock by itself, so it does not belong here.)
 */
export interface TripRule {
  /** What the rule remembers: JSON. It is stored with the breaker and given back before the next call. */
  state: unknown;
  success(state: number): void;
  /** True when the breaker should open now. */
  failure(state: number): boolean;
}

/** Opens after this many failures in a row. */
export function consecutiveFailures(threshold: number): () => TripRule {
  return () => new ConsecutiveBreaker(threshold);
}

/** The number by which cockatiel knows the closed state. */
const closed = 0;

/** One outcome through the rule: what it remembers afterwards, and whether it says to open. */
export function judge(
  makeRule: () => TripRule,
  remembered: unknown,
  outcome: "success" | "failure",
): { readonly trip: unknown; readonly opens: boolean } {
  const rule = makeRule();
  if (remembered !== undefined) rule.state = remembered;
  const opens = outcome === "failure" && rule.failure(closed);
  if (outcome === "success") rule.success(closed);
  return { trip: rule.state, opens };
}
