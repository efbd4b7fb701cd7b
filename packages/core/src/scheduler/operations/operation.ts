import type { RunState, TaskState } from "../../lifecycle/states.ts";

/** Which task instances of a run a person means. */
export interface TaskSelection {
  /** Ids of tasks or of groups. Default: every task. */
  readonly tasks?: readonly string[];
  /** Only this element of mapped tasks. */
  readonly mapIndex?: number;
  /** Only instances in one of these states. Looked at before upstream and downstream tasks are added. */
  readonly states?: readonly TaskState[];
  /** Also every task that these depend on. Default false. */
  readonly upstream?: boolean;
  /** Also every task that depends on these. Default: true for clearing, false for marking. */
  readonly downstream?: boolean;
}

/** States that a person can give a task instance. */
export type MarkedState = "success" | "failed" | "skipped";

/** What people do to a run. Plain data: it may come from another process. */
export type Operation =
  | { readonly kind: "clear"; readonly selection: TaskSelection }
  | { readonly kind: "retry" }
  | { readonly kind: "mark"; readonly selection: TaskSelection; readonly state: MarkedState }
  | {
      readonly kind: "clearXComs";
      readonly task?: string;
      readonly mapIndex?: number;
      readonly keys?: readonly string[];
    };

/** A task instance that an operation concerns. */
export interface AffectedTask {
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  /** Its state before. */
  readonly from: TaskState;
  readonly to: TaskState;
}

/** A value that an operation removes. */
export interface AffectedXCom {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly key: string;
  readonly sizeBytes: number;
}

/** What an operation did, or would do. */
export interface OperationResult {
  readonly dagId: string;
  readonly runId: string;
  /** The run's state after it: a run that had ended is `queued` again when something of it is to run. */
  readonly runState: RunState;
  readonly tasks: readonly AffectedTask[];
  readonly xcoms: readonly AffectedXCom[];
}
