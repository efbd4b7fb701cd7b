import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import { TRIGGER_RULES, type TriggerRule } from "../readiness/trigger-rule.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import type { RetryDefinition, TaskDefinition } from "./definition.ts";
import type { RetryPolicy, TaskDefaults, TaskOptions, WeightRule } from "./options.ts";
import { optionError } from "./parse-dag-options.ts";

const weightRules: readonly WeightRule[] = ["downstream", "upstream", "absolute"];
const dayMs = 86_400_000;

/** The pool of tasks that name none. */
export const defaultPool = "default_pool";

/** The part of a task's definition that its options decide. */
export type ParsedTaskOptions = Omit<
  TaskDefinition,
  "id" | "kind" | "input" | "map" | "choices" | "run" | "ignoreDownstreamTriggerRules"
>;

/**
 * Fills defaults in (explicit options before the group's, those before the DAG's); adds to `mistakes` instead of throwing.
 */
export function parseTaskOptions(
  taskId: string,
  options: TaskOptions & TaskDefaults,
  mistakes: MillraceError[],
): ParsedTaskOptions {
  const where = `task '${taskId}'`;
  const wrong = (option: string, value: unknown, expected: string): void => {
    mistakes.push(optionError({ option, where, value: shown(value), expected }));
  };
  const wholeNumber = <T extends number | undefined>(option: string, value: T, least: number): T => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
      wrong(option, value, `a whole number of at least ${least} is needed`);
    return value;
  };
  const durationOf = (option: string, value: DurationInput | undefined): number | undefined => {
    if (value === undefined) return undefined;
    try {
      return parseDuration(value);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      wrong(option, value, "a duration such as '30s' is needed");
      return undefined;
    }
  };
  const oneOf = <T extends string>(option: string, value: T, allowed: readonly T[]): T => {
    if (!allowed.includes(value)) wrong(option, value, `one of ${allowed.join(", ")} is needed`);
    return value;
  };

  const role = options.role ?? "work";
  if (role !== "work" && role !== "setup" && role !== "teardown")
    wrong("role", role, "'setup' or 'teardown' is needed");
  const triggerRule: TriggerRule =
    options.triggerRule ?? (role === "teardown" ? "all_done_setup_success" : "all_success");
  if (!TRIGGER_RULES.includes(triggerRule))
    mistakes.push(
      coreError("DAG_TRIGGER_RULE_UNKNOWN", { taskId, rule: shown(triggerRule), rules: TRIGGER_RULES.join(", ") }),
    );
  const priority = options.priority ?? 1;
  if (!Number.isSafeInteger(priority)) wrong("priority", priority, "a whole number is needed");
  const pool = options.pool ?? defaultPool;
  if (typeof pool !== "string" || pool === "" || pool.length > 200) wrong("pool", pool, "the name of a pool is needed");

  return {
    role,
    failRun: options.failRun ?? false,
    triggerRule,
    retries: parseRetries(options.retries ?? 0, options.retryDelay, durationOf, wholeNumber, wrong),
    executionTimeoutMs: durationOf("executionTimeout", options.executionTimeout),
    priority,
    weightRule: oneOf("weightRule", options.weightRule ?? "downstream", weightRules),
    pool,
    poolSlots: wholeNumber("poolSlots", options.poolSlots ?? 1, 1),
    dependsOnPast: (options.dependsOnPast ?? false) || (options.waitForDownstream ?? false),
    waitForDownstream: options.waitForDownstream ?? false,
    queue: options.queue,
    isolation: oneOf("isolation", options.isolation ?? "inline", ["inline"]),
    maxActivePerDag: wholeNumber("maxActivePerDag", options.maxActivePerDag, 1),
    keepsResult: options.xcom ?? true,
    onSuccess: options.onSuccess,
    onFailure: options.onFailure,
    onRetry: options.onRetry,
    onSkipped: options.onSkipped,
    doc: options.doc,
  };
}

function parseRetries(
  retries: number | RetryPolicy,
  retryDelay: DurationInput | undefined,
  durationOf: (option: string, value: DurationInput | undefined) => number | undefined,
  wholeNumber: (option: string, value: number, least: number) => number,
  wrong: (option: string, value: unknown, expected: string) => void,
): RetryDefinition {
  const policy: RetryPolicy = typeof retries === "object" && retries !== null ? retries : { max: retries };
  const { backoff = "exponential" } = policy;
  const custom = typeof backoff === "function" ? backoff : undefined;
  const factor = typeof backoff === "object" && backoff !== null ? backoff.factor : undefined;
  if (factor !== undefined && !(factor >= 1 && factor <= 1_000))
    wrong("retries.backoff.factor", factor, "a number from 1 to 1,000 is needed");
  if (typeof backoff === "string" && !["fixed", "linear", "exponential"].includes(backoff))
    wrong("retries.backoff", backoff, "'fixed', 'linear', 'exponential', { factor } or a function is needed");
  return {
    max: wholeNumber("retries", policy.max ?? 0, 0),
    delayMs: durationOf("retryDelay", policy.delay ?? retryDelay) ?? 30_000,
    backoff: custom
      ? (attempt, error) => parseDuration(custom(attempt, error))
      : (backoff as RetryDefinition["backoff"]),
    maxDelayMs: durationOf("retries.maxDelay", policy.maxDelay) ?? dayMs,
    jitter: policy.jitter ?? (backoff === "exponential" || factor !== undefined),
    when: policy.when,
  };
}
