import type { Dag, TaskDefinition } from "../authoring/definition.ts";
import type { TaskCallback } from "../authoring/options.ts";
import { messageOf } from "../errors.ts";
import type { RunState, TaskState } from "../lifecycle/states.ts";
import type { Change, RunRow, StoredError } from "../store/contract.ts";
import { instantOf } from "../time/temporal.ts";
import type { Instance } from "./live-run.ts";
import type { SchedulerServices } from "./services.ts";

/** The author's callback for the state that an attempt ended in. */
function callbackFor(task: TaskDefinition, state: TaskState): TaskCallback | undefined {
  if (state === "success") return task.onSuccess;
  if (state === "failed") return task.onFailure;
  if (state === "up_for_retry") return task.onRetry;
  return state === "skipped" ? task.onSkipped : undefined;
}

export function hasCallback(task: TaskDefinition, state: TaskState): boolean {
  return callbackFor(task, state) !== undefined;
}

/** Calls an author's task callback; what it throws goes to the task's log and nowhere else. */
export function callTaskCallback(
  services: SchedulerServices,
  instance: Instance,
  attempt: number,
  state: TaskState,
  error: StoredError | undefined,
): void {
  const { run, taskNo, no, mapIndex } = instance;
  const task = run.graph.tasks[taskNo];
  const { row } = run;
  const context = {
    dagId: row.dagId,
    runId: row.runId,
    taskId: task.id,
    mapIndex,
    attempt,
    logicalDate: instantOf(row.logicalDate),
    ...(error
      ? {
          error: {
            name: error.name,
            message: error.message,
            ...(error.code === undefined ? {} : { code: error.code }),
          },
        }
      : {}),
  };
  void guarded(
    () => callbackFor(task, state)?.(context),
    (message) => {
      const author = { taskInstanceNo: no, attempt, mapIndex, task, run: { runId: row.runId, dag: run.graph.dag } };
      services.logs.write(author, {
        at: services.clock.now(),
        level: "error",
        message: `the callback for '${state}' failed: ${message}`,
        fields: null,
      });
    },
  );
}

/** Calls an author's run callback; what it throws is recorded as an event, by `record`. */
export function callRunCallback(
  services: SchedulerServices,
  record: (change: Change) => void,
  dag: Dag,
  row: RunRow,
  state: RunState,
  note: string | null,
): void {
  const callback = state === "success" ? dag.onSuccess : state === "failed" ? dag.onFailure : undefined;
  if (!callback) return;
  const { dagId, runId, runNo, logicalDate } = row;
  void guarded(
    () => callback({ dagId, runId, state, logicalDate: instantOf(logicalDate), ...(note === null ? {} : { note }) }),
    (message) => {
      const event = {
        at: services.clock.now(),
        kind: "callback.failed",
        dagId,
        runNo,
        taskInstanceNo: null,
        attempt: null,
        data: JSON.stringify({ state, message }),
      };
      record({ kind: "appendEvent", event });
    },
  );
}

async function guarded(call: () => unknown, onError: (message: string) => void): Promise<void> {
  try {
    await call();
  } catch (error) {
    onError(messageOf(error));
  }
}
