import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { RunState } from "../lifecycle/states.ts";
import type { TriggerRule } from "../readiness/trigger-rule.ts";
import type { DurationInput } from "../time/duration.ts";
import type { InstantInput } from "../time/instant.ts";
import type { Instant } from "../time/temporal.ts";
import type { CatchupSetting, CatchupSource } from "../timetable/catchup.ts";
import type { Timetable } from "../timetable/timetable.ts";
import type { GroupHandle, TaskHandle } from "./handles.ts";
import type { NotifySetting } from "./notify-setting.ts";

export type { NotifyKind, NotifyRule, NotifySetting } from "./notify-setting.ts";

/** How a task's effective weight in the queue follows from its `priority` and its relatives': Airflow's three rules. */
export type WeightRule = "downstream" | "upstream" | "absolute";

/** Where attempts of a task run. */
export type Isolation = "inline" | "thread";

/** When and how often a failed attempt is tried again. */
export interface RetryPolicy {
  /** Retries after the first attempt. Default 0. */
  readonly max?: number;
  /** Base delay. Default 30 s. */
  readonly delay?: DurationInput;
  /**
   * Growth of the delay: none, by the attempt's number, doubling (default), by another factor, or your own function
   * of the attempt that failed (from 1) and its error, which gives a duration.
   */
  readonly backoff?:
    | "fixed"
    | "linear"
    | "exponential"
    | { readonly factor: number }
    | ((attempt: number, error: unknown) => DurationInput);
  /** Upper limit. Default and hard limit: 24 h. */
  readonly maxDelay?: DurationInput;
  /** Spread an exponential delay d over [d, 2d). Default: true for exponential growth, false otherwise. */
  readonly jitter?: boolean;
  /** Retry only errors for which this is true. Default: all. */
  readonly when?: (error: unknown) => boolean;
}

/** What a task callback is told. */
export interface TaskCallbackContext {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly attempt: number;
  readonly logicalDate: Instant;
  /** Why it failed, is retried or was skipped. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

/** What a run callback is told. */
export interface RunCallbackContext {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
  readonly logicalDate: Instant;
  readonly note?: string;
}

/** Runs after the state was recorded. What it throws is logged and changes nothing. */
export type TaskCallback = (context: TaskCallbackContext) => void | Promise<void>;
export type RunCallback = (context: RunCallbackContext) => void | Promise<void>;

/** Upstream results that a task takes: one handle, or a list or record of handles. */
export type InputSpec = TaskHandle | readonly TaskHandle[] | Readonly<Record<string, TaskHandle>>;

type Under<T, Rule extends TriggerRule> = Rule extends "all_success" ? T : T | undefined;

/** The type of `context.input` that follows from a task's `input` and trigger rule. */
export type ResolvedInput<I, Rule extends TriggerRule> = I extends undefined
  ? undefined
  : I extends TaskHandle<infer T>
    ? Under<T, Rule>
    : I extends readonly TaskHandle[]
      ? { -readonly [K in keyof I]: I[K] extends TaskHandle<infer T> ? Under<T, Rule> : never }
      : { readonly [K in keyof I]: I[K] extends TaskHandle<infer T> ? Under<T, Rule> : never };

/** Options that make sense for every task of a DAG: `defaults` of a DAG or group. */
export interface TaskDefaults {
  /** A number of retries, or a whole policy. Default 0. */
  readonly retries?: number | RetryPolicy;
  /** Base delay between attempts when `retries` is a number. Default 30 s, doubling, with jitter. */
  readonly retryDelay?: DurationInput;
  /** Longest duration of one attempt. Default: none. */
  readonly executionTimeout?: DurationInput;
  /** Greater goes first. Default 1. */
  readonly priority?: number;
  /** Default `downstream`: own priority plus that of all tasks behind it. */
  readonly weightRule?: WeightRule;
  /** Pool whose slots the task takes while it runs. Default `default_pool` (128 slots). */
  readonly pool?: string;
  /** Default 1. */
  readonly poolSlots?: number;
  /** Starts only if it succeeded or was skipped in the previous run. Default false. */
  readonly dependsOnPast?: boolean;
  /** As `dependsOnPast`, and its direct downstream tasks of that run must have ended well too. Default false. */
  readonly waitForDownstream?: boolean;
  /** For executors that know queues. */
  readonly queue?: string;
  /**
   * Where attempts run. `inline` (default): in the engine's own thread, which they must not block. `thread`: in a thread of
   * their own, from the DAG's file, where neither an endless loop nor `process.exit` nor a full heap harms others.
   * Shell, trigger, latest-only and empty tasks hardly compute and always run inline.
   */
  readonly isolation?: Isolation;
  /** At most so many instances of this task at once over all runs. Default: no limit. */
  readonly maxActivePerDag?: number;
  readonly onSuccess?: TaskCallback;
  readonly onFailure?: TaskCallback;
  readonly onRetry?: TaskCallback;
  /** Called when the task itself ends as skipped, not when its trigger rule or a branch skips it (as in Airflow). */
  readonly onSkipped?: TaskCallback;
  /**
   * The task is to have ended so long after its run began. If it has not, that is told once, by the event
   * `task.deadline_missed` and {@link onDeadlineMissed}; the task goes on. Default: none.
   */
  readonly deadline?: DurationInput;
  /** Called when the task, or one of its mapped instances, has not ended by its `deadline`. */
  readonly onDeadlineMissed?: TaskCallback;
  /**
   * Who is told of failures and missed deadlines of this task (by a notifier, see @millrace/notify), or of what `kind: names`
   * says. Default: as the DAG's `notify` has it.
   */
  readonly notify?: NotifySetting;
}

/** Options of one task. */
export interface TaskOptions<
  I extends InputSpec | undefined = InputSpec | undefined,
  Rule extends TriggerRule = TriggerRule,
> extends TaskDefaults {
  readonly input?: I;
  /** Default `all_success`; for teardowns `all_done_setup_success`. */
  readonly triggerRule?: Rule;
  /** Makes it a setup, or the teardown of `setups`. */
  readonly role?: "setup" | "teardown";
  /** The setups that a teardown tears down. It runs after them and after the work between. */
  readonly setups?: TaskHandle | readonly TaskHandle[];
  /** For a teardown: its failure fails the run. Default false. */
  readonly failRun?: boolean;
  /** `false`: the result is not kept. Default true. */
  readonly xcom?: boolean;
  /** For people; Markdown. */
  readonly doc?: string;
}

export interface BranchOptions<I extends InputSpec | undefined, Rule extends TriggerRule, C extends string>
  extends TaskOptions<I, Rule> {
  /** Ids of tasks or groups (as seen from here) between which the function chooses. They run after the branch. */
  readonly choices: readonly C[];
}

export interface ShortCircuitOptions<I extends InputSpec | undefined, Rule extends TriggerRule>
  extends TaskOptions<I, Rule> {
  /** `true` (default) skips everything downstream but teardowns; `false` only the direct ones, the rest by their rules. */
  readonly ignoreDownstreamTriggerRules?: boolean;
}

export interface MapOptions<S, I extends InputSpec | undefined, Rule extends TriggerRule> extends TaskOptions<I, Rule> {
  /** A handle whose result is a list (or a plain object: then [key, value] pairs), such a value itself, or a record of these: then every combination. */
  readonly over: S;
  /** At most so many elements at once. Default: no limit of its own. */
  readonly maxActive?: number;
  /** A task that returns a longer list fails; so does this task when there are more combinations. Default 1,024. */
  readonly maxMapLength?: number;
}

export interface ShellOptions<I extends InputSpec | undefined = undefined> extends TaskOptions<I, TriggerRule> {
  /** Program and arguments; no shell sees them. A plain string needs `shell: true`. */
  readonly command: readonly string[] | string;
  /** `true` gives a string to the system's shell. Never build such a string from data. Default false. */
  readonly shell?: boolean;
  readonly cwd?: string;
  /** Added to the few variables that a command is given (PATH, HOME, LANG, TZ, TMPDIR). Params go here, never into the command text. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TriggerOptions<I extends InputSpec | undefined = undefined> extends TaskOptions<I, TriggerRule> {
  readonly dagId: string;
  readonly params?: unknown;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly runId?: string;
  /** Wait for the run's end without holding a slot; fail if it fails. Default false. */
  readonly wait?: boolean;
}

/** Options of a DAG. */
export interface DagOptions<S extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined> {
  readonly description?: string;
  /** When runs are due; `null` (default): only when asked for. */
  readonly schedule?: Timetable | null;
  /** No scheduled run is about a time before this. `"-30d"` counts from the first registration. */
  readonly startDate?: InstantInput;
  readonly endDate?: InstantInput;
  /** IANA name for bare dates. Default `UTC`. */
  readonly timezone?: string;
  /**
   * Make up for runs that were missed: all (`true`), those within bounds, or none but the last one (`false`, the default).
   * A source has it read from outside of the code, again and again.
   */
  readonly catchup?: CatchupSetting | CatchupSource;
  /** Default 16. */
  readonly maxActiveRuns?: number;
  /** Tasks of this DAG that run at once, over all its runs. Default 16. */
  readonly maxActiveTasks?: number;
  /**
   * So many failed runs in a row, by logical date, pause the DAG; what has not ended is passed over, and after it was unpaused
   * the count begins anew. At most 100. Default 0: never.
   */
  readonly maxConsecutiveFailedRuns?: number;
  /** A run that takes longer fails; what has not ended is skipped. */
  readonly runTimeout?: DurationInput;
  /** Applies to every task: see {@link TaskDefaults.dependsOnPast}. */
  readonly dependsOnPast?: boolean;
  /** Any Standard Schema (zod, valibot, …). */
  readonly params?: S;
  readonly defaults?: TaskDefaults;
  readonly tags?: readonly string[];
  readonly owner?: string;
  /** A new DAG starts paused. Default false. */
  readonly paused?: boolean;
  /** The first failure stops the run: running tasks are cancelled, waiting ones skipped. Default false. */
  readonly failFast?: boolean;
  /** `leaves` (default): a run fails if one of its last tasks does. `any_failed`: if any task does. */
  readonly runState?: "leaves" | "any_failed";
  readonly onSuccess?: RunCallback;
  readonly onFailure?: RunCallback;
  /**
   * A run is to have ended so long after it was due: for a scheduled run after the end of its data interval, for others after
   * they were made. If it has not, that is told once, by the event `run.deadline_missed` and {@link onDeadlineMissed}; the run
   * goes on. Default: none.
   */
  readonly deadline?: DurationInput;
  /** Called when a run has not ended by its `deadline`. */
  readonly onDeadlineMissed?: RunCallback;
  /** Who is told what becomes of the runs, by a notifier (@millrace/notify). Default: as that one has it. */
  readonly notify?: NotifySetting;
  /** For people; Markdown. */
  readonly doc?: string;
}

/** What `d.chain` takes. */
export type ChainItem = TaskHandle | GroupHandle | readonly (TaskHandle | GroupHandle)[];
