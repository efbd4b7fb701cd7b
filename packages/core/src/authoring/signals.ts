import type { InstantInput } from "../time/instant.ts";

/** What a task may throw to end its attempt in another way than success or an ordinary failure. */
export type TaskSignal =
  | { readonly signal: "skip"; readonly reason: string }
  | { readonly signal: "fail"; readonly reason: string }
  | { readonly signal: "reschedule"; readonly at: InstantInput | number }
  | { readonly signal: "await"; readonly event: string };

const brand = Symbol.for("millrace.signal");

class TaskSignalError extends Error {
  override readonly name = "TaskSignal";
  readonly taskSignal: TaskSignal;

  constructor(message: string, taskSignal: TaskSignal) {
    super(message);
    this.taskSignal = taskSignal;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Thrown inside a task, ends it as `skipped`; what follows is skipped by its trigger rule.
 *
 * @example
 * ```ts
 * import { dag, skip } from "@millrace/core";
 * export default dag("maybe", {}, (d) => {
 *   d.task("load", ({ interval }) => {
 *     if (interval.start.epochMilliseconds === 0) throw skip("nothing before 1970");
 *   });
 * });
 * ```
 */
export function skip(reason: string): Error {
  return new TaskSignalError(reason, { signal: "skip", reason });
}

/** Thrown inside a task, ends it as `failed` at once: retries that are left are not used. */
export function fail(reason: string): Error {
  return new TaskSignalError(reason, { signal: "fail", reason });
}

/**
 * Thrown inside a task, frees its slot and runs the same attempt again at that instant (milliseconds or instant).
 * Sensors are made of this.
 */
export function reschedule(at: InstantInput | number): Error {
  return new TaskSignalError("rescheduled", { signal: "reschedule", at });
}

/**
 * Thrown inside a task, frees its slot and runs the same attempt again once `engine.signal(event)` was called.
 * An event that was signalled before the wait began counts.
 */
export function awaitEvent(event: string): Error {
  return new TaskSignalError(`awaits ${event}`, { signal: "await", event });
}

/** The signal inside something thrown, also when another copy of this package made it. */
export function signalOf(thrown: unknown): TaskSignal | undefined {
  return typeof thrown === "object" && thrown !== null && brand in thrown
    ? (thrown as unknown as TaskSignalError).taskSignal
    : undefined;
}
