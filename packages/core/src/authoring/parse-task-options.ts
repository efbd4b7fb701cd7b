import { coreError, type MillraceError, shown } from "../errors.ts";
import { TRIGGER_RULES, type TriggerRule } from "../readiness/trigger-rule.ts";
import { parseDuration } from "../time/duration.ts";
import type { RetryDefinition, TaskDefinition } from "./definition.ts";
import { isPoolName } from "./identifiers.ts";
import { parseNotify } from "./notify-setting.ts";
import { OptionReader } from "./option-reader.ts";
import type { Isolation, RetryPolicy, TaskDefaults, TaskOptions, WeightRule } from "./options.ts";

const isolations: readonly Isolation[] = ["inline", "thread"];
const weightRules: readonly WeightRule[] = ["downstream", "upstream", "absolute"];
const dayMs = 86_400_000;

/** The pool of tasks that name none. */
export const defaultPool = "default_pool";

const defaultOptions = {
  retries: true,
  retryDelay: true,
  executionTimeout: true,
  priority: true,
  weightRule: true,
  pool: true,
  poolSlots: true,
  dependsOnPast: true,
  waitForDownstream: true,
  queue: true,
  isolation: true,
  maxActivePerDag: true,
  onSuccess: true,
  onFailure: true,
  onRetry: true,
  onSkipped: true,
  deadline: true,
  onDeadlineMissed: true,
  notify: true,
} as const satisfies Record<keyof TaskDefaults, true>;

const taskOptions = {
  ...defaultOptions,
  input: true,
  triggerRule: true,
  role: true,
  setups: true,
  failRun: true,
  xcom: true,
  doc: true,
} as const satisfies Record<keyof TaskOptions, true>;

const retryOptions = {
  max: true,
  delay: true,
  backoff: true,
  maxDelay: true,
  jitter: true,
  when: true,
} as const satisfies Record<keyof RetryPolicy, true>;

/** The part of a task's definition that its options decide. */
export type ParsedTaskOptions = Omit<
  TaskDefinition,
  "id" | "kind" | "input" | "map" | "choices" | "run" | "ignoreDownstreamTriggerRules"
>;

/** Defaults of a DAG or group, without what does not belong there: that is told once and not for every task. */
export function parseDefaults(where: string, defaults: TaskDefaults | undefined, mistakes: MillraceError[]) {
  const read = new OptionReader(where, mistakes);
  const given = read.options("defaults", defaults);
  read.noOthers(given, defaultOptions, "defaults.");
  return Object.fromEntries(Object.entries(given).filter(([option]) => option in defaultOptions)) as TaskDefaults;
}

/**
 * Fills defaults in (explicit options before the group's, those before the DAG's); adds to `mistakes` instead of throwing.
 */
export function parseTaskOptions(
  taskId: string,
  own: TaskOptions,
  defaults: TaskDefaults,
  mistakes: MillraceError[],
): ParsedTaskOptions {
  const read = new OptionReader(`task '${taskId}'`, mistakes);
  read.noOthers(own, taskOptions);
  const options = { ...defaults, ...withoutUndefined(own) };
  const { role = "work", priority = 1, pool = defaultPool } = options;
  if (role !== "work") read.oneOf("role", role, ["setup", "teardown"]);
  const triggerRule: TriggerRule =
    options.triggerRule ?? (role === "teardown" ? "all_done_setup_success" : "all_success");
  if (!TRIGGER_RULES.includes(triggerRule))
    mistakes.push(
      coreError("DAG_TRIGGER_RULE_UNKNOWN", { taskId, rule: shown(triggerRule), rules: TRIGGER_RULES.join(", ") }),
    );
  if (!Number.isSafeInteger(priority)) read.wrong("priority", priority, "a whole number is needed");
  if (!isPoolName(pool)) read.wrong("pool", pool, "the name of a pool is needed");
  for (const option of ["setups", "failRun"] as const)
    if (options[option] && role !== "teardown")
      read.wrong(option, options[option], "only a teardown has it: add role: 'teardown'");
  const waitForDownstream = read.flag("waitForDownstream", options.waitForDownstream, false);

  return {
    role,
    failRun: read.flag("failRun", options.failRun, false),
    triggerRule,
    retries: parseRetries(options.retries ?? 0, options, read),
    executionTimeoutMs: read.duration("executionTimeout", options.executionTimeout),
    priority,
    weightRule: read.oneOf("weightRule", options.weightRule ?? "downstream", weightRules),
    pool,
    poolSlots: read.wholeNumber("poolSlots", options.poolSlots ?? 1, 1),
    dependsOnPast: read.flag("dependsOnPast", options.dependsOnPast, false) || waitForDownstream,
    waitForDownstream,
    queue: read.text("queue", options.queue),
    isolation: read.oneOf("isolation", options.isolation ?? "inline", isolations),
    maxActivePerDag: read.wholeNumber("maxActivePerDag", options.maxActivePerDag, 1),
    keepsResult: read.flag("xcom", options.xcom, true),
    onSuccess: read.callback("onSuccess", options.onSuccess),
    onFailure: read.callback("onFailure", options.onFailure),
    onRetry: read.callback("onRetry", options.onRetry),
    onSkipped: read.callback("onSkipped", options.onSkipped),
    deadlineMs: read.duration("deadline", options.deadline),
    onDeadlineMissed: read.callback("onDeadlineMissed", options.onDeadlineMissed),
    notify: parseNotify(options.notify, read),
    doc: read.text("doc", options.doc),
  };
}

function parseRetries(
  retries: number | RetryPolicy,
  { retryDelay }: Pick<TaskDefaults, "retryDelay">,
  read: OptionReader,
): RetryDefinition {
  const policy: RetryPolicy = typeof retries === "object" && retries !== null ? retries : { max: retries };
  read.noOthers(policy, retryOptions, "retries.");
  const { backoff = "exponential" } = policy;
  const custom = typeof backoff === "function" ? backoff : undefined;
  const factor = typeof backoff === "object" && backoff !== null ? backoff.factor : undefined;
  if (factor !== undefined && !(factor >= 1 && factor <= 1_000))
    read.wrong("retries.backoff.factor", factor, "a number from 1 to 1,000 is needed");
  const isKnown = custom !== undefined || factor !== undefined;
  if (!isKnown && backoff !== "fixed" && backoff !== "linear" && backoff !== "exponential")
    read.wrong("retries.backoff", backoff, "'fixed', 'linear', 'exponential', { factor } or a function is needed");
  return {
    max: read.wholeNumber("retries", policy.max ?? 0, 0),
    delayMs: read.duration("retryDelay", policy.delay ?? retryDelay) ?? 30_000,
    backoff: custom
      ? (attempt, error) => parseDuration(custom(attempt, error))
      : (backoff as RetryDefinition["backoff"]),
    maxDelayMs: read.duration("retries.maxDelay", policy.maxDelay) ?? dayMs,
    jitter: read.flag("retries.jitter", policy.jitter, backoff === "exponential" || factor !== undefined),
    when: read.callback("retries.when", policy.when),
  };
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
