import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { RetryDelayPolicy } from "../lifecycle/retry-delay.ts";
import type { TriggerRule } from "../readiness/trigger-rule.ts";
import type { Catchup, CatchupSource } from "../timetable/catchup.ts";
import type { Timetable } from "../timetable/timetable.ts";
import type { TaskContext } from "./context.ts";
import type { MapSource } from "./map-source.ts";
import type { NotifyRule } from "./notify-setting.ts";
import type { Isolation, RunCallback, TaskCallback, WeightRule } from "./options.ts";

/** What a task is made of, as its kind tells. */
export type TaskKind =
  | "task"
  | "branch"
  | "short_circuit"
  | "map"
  | "empty"
  | "shell"
  | "latest_only"
  | "trigger"
  | "operator";

/** Where `context.input` comes from: ids of tasks, in the shape that was asked for. */
export type InputBinding =
  | { readonly shape: "none" }
  | { readonly shape: "one"; readonly task: string }
  | { readonly shape: "list"; readonly tasks: readonly string[] }
  | { readonly shape: "record"; readonly entries: readonly (readonly [name: string, task: string])[] };

/** Ids of the tasks whose results an input is made of. */
export function inputsOf(input: InputBinding): readonly string[] {
  switch (input.shape) {
    case "none":
      return [];
    case "one":
      return [input.task];
    case "list":
      return input.tasks;
    case "record":
      return input.entries.map(([, task]) => task);
  }
}

export interface RetryDefinition extends RetryDelayPolicy {
  readonly max: number;
  readonly when: ((error: unknown) => boolean) | undefined;
}

/** A task, complete: every default filled in, every duration in milliseconds. */
export interface TaskDefinition {
  readonly id: string;
  readonly kind: TaskKind;
  readonly role: "work" | "setup" | "teardown";
  /** A teardown's failure fails the run. */
  readonly failRun: boolean;
  readonly input: InputBinding;
  readonly triggerRule: TriggerRule;
  readonly retries: RetryDefinition;
  readonly executionTimeoutMs: number | undefined;
  readonly priority: number;
  readonly weightRule: WeightRule;
  readonly pool: string;
  readonly poolSlots: number;
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  readonly queue: string | undefined;
  readonly isolation: Isolation;
  readonly maxActivePerDag: number | undefined;
  readonly keepsResult: boolean;
  readonly onSuccess: TaskCallback | undefined;
  readonly onFailure: TaskCallback | undefined;
  readonly onRetry: TaskCallback | undefined;
  readonly onSkipped: TaskCallback | undefined;
  readonly deadlineMs: number | undefined;
  readonly onDeadlineMissed: TaskCallback | undefined;
  /** `undefined`: as the DAG has it. */
  readonly notify: NotifyRule | undefined;
  readonly doc: string | undefined;
  readonly map:
    | { readonly over: MapSource; readonly maxActive: number | undefined; readonly maxLength: number }
    | undefined;
  /** For branches: the tasks that each choice leads to. */
  readonly choices: ReadonlyMap<string, readonly string[]> | undefined;
  /** For short circuits. */
  readonly ignoreDownstreamTriggerRules: boolean;
  /** `undefined` for an empty task. */
  readonly run: ((context: TaskContext) => unknown) | undefined;
}

export const dagBrand = Symbol.for("millrace.dag");

declare const paramsType: unique symbol;

/**
 * A DAG: immutable, made by `dag(...)`. `Params` is what its schema accepts.
 */
export interface Dag<out Params = unknown> {
  readonly [paramsType]?: Params;
  readonly id: string;
  readonly description: string | undefined;
  readonly schedule: Timetable | null;
  /** Milliseconds, or text such as `-30d`. */
  readonly startDate: number | string | undefined;
  readonly endDate: number | undefined;
  readonly timezone: string;
  readonly catchup: Catchup;
  /** Where the setting is read that holds instead of `catchup`. */
  readonly catchupSource: CatchupSource | undefined;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  /** 0: never. */
  readonly maxConsecutiveFailedRuns: number;
  readonly runTimeoutMs: number | undefined;
  readonly params: StandardSchemaV1 | undefined;
  readonly tags: readonly string[];
  readonly owner: string | undefined;
  readonly paused: boolean;
  readonly failFast: boolean;
  readonly runState: "leaves" | "any_failed";
  readonly onSuccess: RunCallback | undefined;
  readonly onFailure: RunCallback | undefined;
  readonly deadlineMs: number | undefined;
  readonly onDeadlineMissed: RunCallback | undefined;
  readonly notify: NotifyRule | undefined;
  readonly doc: string | undefined;
  /** In the order of their definition; the place in this list is the task's number. */
  readonly tasks: readonly TaskDefinition[];
  /** Pairs of task numbers: the first runs before the second. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly groups: readonly { readonly id: string; readonly tasks: readonly string[] }[];
}

/** True for what `dag(...)` of any copy of this package returned. */
export function isDag(value: unknown): value is Dag {
  try {
    return typeof value === "object" && value !== null && dagBrand in value;
  } catch {
    // A proxy may refuse to be asked.
    return false;
  }
}
