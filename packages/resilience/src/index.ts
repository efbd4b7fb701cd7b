/** A circuit breaker whose state can be stored and shared. */
export type { CircuitBreakerOptions } from "./breaker-options.ts";
export type { BreakerFailure, BreakerState } from "./breaker-record.ts";
export {
  type BreakerStore,
  type MetadataStoreLike,
  memoryBreakerStore,
  metadataBreakerStore,
  type StateLike,
  taskStateBreakerStore,
} from "./breaker-store.ts";
export { type BreakerSnapshot, type BreakerTransition, CircuitBreaker, circuitBreaker } from "./circuit-breaker.ts";
export { type ResilienceErrorCode, resilienceErrorTable } from "./errors.ts";
export type { TransitionReason } from "./transitions.ts";
export { consecutiveFailures, type TripRule } from "./trip-rule.ts";
