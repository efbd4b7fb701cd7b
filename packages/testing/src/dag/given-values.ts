import { encodeValue, messageOf, shown } from "@millrace/core/plugin";
import { testingError } from "../errors.ts";

const brand = Symbol.for("millrace.testing.pushed");

/** The key of a task's result. */
export const resultKey = "return_value";

/** XComs of one task by key, made by {@link pushed}. */
export interface PushedXComs {
  readonly [brand]: Readonly<Record<string, unknown>>;
}

/**
 * Several XComs of a task that is not run, by their keys; `return_value` is its result.
 *
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { pushed, testDag } from "@millrace/testing";
 *
 * const sales = dag("sales", {}, (d) => {
 *   const extract = d.task("extract", () => [1, 2, 3]);
 *   d.task("sum", { input: extract }, async ({ input, xcom }) => {
 *     const currency = await xcom.pull({ task: extract.id, key: "currency" });
 *     return `${input.reduce((a, b) => a + b)} ${currency}`;
 *   });
 * });
 * const result = await testDag(sales, { xcom: { extract: pushed({ return_value: [20, 22], currency: "EUR" }) } });
 * console.log(result.value("sum")); // 42 EUR
 * ```
 */
export function pushed(xcoms: Readonly<Record<string, unknown>>): PushedXComs {
  return { [brand]: xcoms };
}

/** What was given for a task in `xcom`, by key: its result, or what {@link pushed} made. */
export function xcomsOf(given: unknown): Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && brand in given
    ? (given as PushedXComs)[brand]
    : { [resultKey]: given };
}

/**
 * A value that no task could have left is a mistake of the test, not of the DAG.
 *
 * @throws `TEST_VALUE_REFUSED`
 */
export function checkValue(taskId: string, key: string, value: unknown): void {
  if (value === undefined) return;
  try {
    encodeValue(value);
  } catch (error) {
    throw testingError("TEST_VALUE_REFUSED", { taskId, key: shown(key), why: messageOf(error) }, { cause: error });
  }
}
