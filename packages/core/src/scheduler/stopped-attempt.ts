import type { FinishTask, StoredError } from "../store/contract.ts";

/** The change that ends an attempt from outside: it leaves nothing behind but its error, and what it pushed before stays. */
export function stoppedAttempt(
  attempt: Pick<FinishTask, "taskInstanceNo" | "runNo" | "token" | "attempt" | "state" | "at">,
  error: StoredError,
): FinishTask {
  const { taskInstanceNo, runNo, token, attempt: number, state, at } = attempt;
  return {
    kind: "finishTask",
    taskInstanceNo,
    runNo,
    token,
    attempt: number,
    state,
    error: JSON.stringify(error),
    wakeAt: null,
    awaits: null,
    replacesXComs: false,
    xcoms: [],
    deletes: [],
    reads: [],
    performance: null,
    at,
  };
}
