import type { Dag, TaskDefinition } from "../authoring/definition.ts";
import type { RunType, TaskState } from "../lifecycle/states.ts";
import type { AttemptPerformance, StoredError, XComPut, XComRead, XComRef } from "../store/contract.ts";

/** The newest earlier run that succeeded, as far as tasks see it. */
export interface PreviousSuccess {
  readonly runId: string;
  readonly intervalStart: number;
  readonly intervalEnd: number;
}

/** The run that an attempt belongs to, as far as tasks see it. */
export interface JobRun {
  readonly runNo: number;
  readonly runId: string;
  readonly dagNo: number;
  readonly dag: Dag;
  readonly type: RunType;
  readonly logicalDate: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  /** Parsed once per run. */
  readonly params: unknown;
  readonly conf: Readonly<Record<string, unknown>>;
  /** Known once {@link prepare} has resolved. */
  readonly previous: PreviousSuccess | undefined;
  /** To be waited for before an attempt is made; `undefined` when nothing has to be. */
  prepare(): Promise<void> | undefined;
  /** Numbers of a task's instances: one, or one per element. In a thread they are asked for. */
  instancesOf(taskNo: number): readonly number[] | Promise<readonly number[]>;
  /** True for a task that was mapped over elements: its result is a list. */
  isMapped(taskNo: number): boolean;
  taskNoOf(taskId: string): number | undefined;
  /** For a task that others are mapped over: the longest list that it may return. */
  longestResultOf(taskNo: number): number | undefined;
  /** Elements that a mapped task runs over. */
  elementOf(taskNo: number, mapIndex: number): Promise<unknown>;
}

/** One attempt to be made. */
export interface Job {
  readonly run: JobRun;
  readonly task: TaskDefinition;
  readonly taskNo: number;
  readonly taskInstanceNo: number;
  readonly mapIndex: number;
  readonly attempt: number;
  readonly token: number;
  /** It goes on after a reschedule or an event: what it pushed before still counts. */
  readonly isResumed: boolean;
  /** Aborts on timeout, cancellation, a lost lease. */
  readonly abort: AbortHandle;
}

/** An abort signal that is made only when somebody asks for it: most tasks do not. */
export class AbortHandle {
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason ??= { value: reason };
    this.#controller?.abort(this.#reason.value);
  }
}

/** What an attempt came to. */
export interface JobOutcome {
  readonly state: Extract<TaskState, "success" | "failed" | "skipped" | "up_for_reschedule" | "waiting">;
  /** What was thrown, for retry filters and callbacks. */
  readonly thrown?: unknown;
  readonly error: StoredError | undefined;
  /** A failure that is not tried again. */
  readonly isFinal: boolean;
  readonly wakeAt: number | null;
  readonly awaits: string | null;
  readonly xcoms: readonly XComPut[];
  readonly deletes: readonly XComRef[];
  /** XComs that it has read. */
  readonly reads?: readonly XComRead[];
  /** What it took; absent for one that took less than a millisecond. */
  readonly performance?: AttemptPerformance;
  /** For branches: the choices taken. For short circuits: whether to go on. */
  readonly followed?: readonly string[] | boolean;
}
