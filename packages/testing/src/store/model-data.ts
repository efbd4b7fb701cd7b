import { type Change, TASK_STATES, type TaskState } from "@millrace/core/plugin";
import fc from "fast-check";
import { noon } from "./changes.ts";
import type { Numbers, Step } from "./model-numbers.ts";

/** What random changes are made of: few values, so that they meet. */

export const pick = fc.nat({ max: 1_000_000 });
export const anyTaskState = fc.constantFrom<TaskState>(...TASK_STATES);
/** Mostly every state, so that most moves go through. */
export const fromTask = fc.oneof(
  { weight: 3, arbitrary: fc.constant(TASK_STATES) },
  { weight: 1, arbitrary: fc.subarray([...TASK_STATES]) },
);
export const at = fc.nat({ max: 50 }).map((offset) => noon + offset);
export const token = fc.integer({ min: 1, max: 2 });
export const key = fc.constantFrom("k", "l", "m");
export const text = fc.option(fc.constantFrom("plain", "äöü", "a 'quoted' text", ""));
export const json = fc.option(fc.constantFrom('{"name":"E","message":"m"}', '{"name":"E","message":"\\u0000"}'));
export const instant = fc.option(fc.integer({ min: -5, max: 5 }));

/** Steps made from plain data, which a failing sequence shows instead of the code of a function. */
export function told<T>(
  kind: Change["kind"],
  data: fc.Arbitrary<T>,
  make: (data: T, numbers: Numbers) => Change,
): fc.Arbitrary<Step> {
  return data.map((value) => tell(kind, value, make));
}

/** One such step. */
export function tell<T>(kind: Change["kind"], value: T, make: (data: T, numbers: Numbers) => Change): Step {
  const step: Step = (numbers) => make(value, numbers);
  return Object.assign(step, { [fc.toStringMethod]: () => `${kind} ${fc.stringify(value)}` });
}
