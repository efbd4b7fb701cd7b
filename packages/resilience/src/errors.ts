import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const resilienceErrorTable = {
  BREAKER_OPEN: {
    says: "Circuit breaker '{name}' is {state} after {failureCount} failure(s) in a row: {why}",
    cure: "Wait until {retryAt} and call again, or go on without this source; `reset()` closes the breaker by hand.",
  },
  BREAKER_OPTION_INVALID: {
    says: "Option '{option}' of circuit breaker {name} is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type ResilienceErrorCode = keyof typeof resilienceErrorTable;

/** The error of a code of this package. */
export const resilienceError = defineErrors(resilienceErrorTable);
