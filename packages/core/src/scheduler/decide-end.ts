import type { TaskDefinition } from "../authoring/definition.ts";
import { jitterSeed, retryDelayMs } from "../lifecycle/retry-delay.ts";
import type { TaskState } from "../lifecycle/states.ts";
import type { JobOutcome } from "../runtime/job.ts";
import type { Instance } from "./live-run.ts";

export interface AttemptEnd {
  readonly state: TaskState;
  readonly wakeAt: number | null;
  /** JSON text. */
  readonly error: string | null;
}

/** The state that an attempt leaves its instance in: a failure may be tried again. */
export function decideEnd(instance: Instance, outcome: JobOutcome, task: TaskDefinition, now: number): AttemptEnd {
  const error = outcome.error === undefined ? null : JSON.stringify(outcome.error);
  if (outcome.state !== "failed") return { state: outcome.state, wakeAt: outcome.wakeAt, error };
  if (!mayRetry(instance, outcome, task)) return { state: "failed", wakeAt: null, error };
  const { run } = instance;
  const attempt = countedAttempts(instance);
  const seed = jitterSeed(run.row.dagId, task.id, run.row.logicalDate, attempt);
  let delayMs: number;
  try {
    delayMs = retryDelayMs(task.retries, attempt, seed, outcome.thrown);
  } catch {
    // A delay function of the author's that fails must not fail the engine.
    delayMs = Math.min(task.retries.delayMs, task.retries.maxDelayMs);
  }
  return { state: "up_for_retry", wakeAt: now + delayMs, error };
}

/** Attempts that count against the retries: not those that were lost, handed back, or made before it was cleared. */
function countedAttempts({ attempt, uncounted }: Instance): number {
  return attempt - uncounted;
}

function mayRetry(instance: Instance, outcome: JobOutcome, task: TaskDefinition): boolean {
  if (outcome.isFinal || countedAttempts(instance) > task.retries.max) return false;
  if (!task.retries.when) return true;
  try {
    return task.retries.when(outcome.thrown) === true;
  } catch {
    return false;
  }
}
