import type { TaskContext } from "./context.ts";
import type { TaskDefaults, TaskOptions } from "./options.ts";

const brand = Symbol.for("millrace.operator");

/**
 * A task that can be placed in many DAGs with `d.use`: what Airflow calls an operator. `In` is the input it takes.
 */
export interface Operator<out T = unknown, in In = undefined> {
  readonly [brand]: true;
  readonly options: OperatorOptions;
  readonly run: (context: TaskContext<unknown, In>) => T | Promise<T>;
}

/** True for what {@link operator} of any copy of this package returned. */
export function isOperator(value: unknown): value is Operator {
  return typeof value === "object" && value !== null && brand in value;
}

export type OperatorOptions = TaskDefaults & Pick<TaskOptions, "triggerRule" | "xcom" | "doc">;

/**
 * Makes a reusable task. Options given here are defaults that `d.use` may override.
 *
 * @example
 * ```ts
 * import { dag, operator } from "@millrace/core";
 *
 * const ping = (url: string) => operator({ retries: 3 }, ({ log }) => {
 *   log.info(`would look at ${url}`);
 *   return url.length;
 * });
 *
 * export default dag("pings", {}, (d) => {
 *   d.use("home", ping("https://example.com"), { executionTimeout: "10s" });
 * });
 * ```
 */
export function operator<T, In = undefined>(
  options: OperatorOptions,
  run: (context: TaskContext<unknown, In>) => T | Promise<T>,
): Operator<T, In> {
  return { [brand]: true, options, run };
}
