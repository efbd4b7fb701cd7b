import type { Dag, TaskDefinition } from "../authoring/definition.ts";
import type { RunCallback, TaskCallback } from "../authoring/options.ts";
import { messageOf } from "../errors.ts";
import type { RunState, TaskState } from "../lifecycle/states.ts";
import type { RunRow, StoredError } from "../store/contract.ts";
import { instantOf } from "../time/temporal.ts";
import type { Desk } from "./desk.ts";
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
  const callback = callbackFor(instance.run.graph.tasks[instance.taskNo], state);
  if (callback) callTask(services, instance, attempt, callback, state, error);
}

/** Tells an author that a task has not ended by its deadline, as {@link callTaskCallback} does. */
export function callTaskDeadline(services: SchedulerServices, instance: Instance): void {
  const callback = instance.run.graph.tasks[instance.taskNo].onDeadlineMissed;
  if (callback) callTask(services, instance, instance.attempt, callback, "deadline missed", undefined);
}

function callTask(
  services: SchedulerServices,
  instance: Instance,
  attempt: number,
  callback: TaskCallback,
  what: string,
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
    () => callback(context),
    (message) => {
      const author = { taskInstanceNo: no, attempt, mapIndex, task, run: { runId: row.runId, dag: run.graph.dag } };
      services.logs.write(author, {
        at: services.clock.now(),
        level: "error",
        message: `the callback for '${what}' failed: ${message}`,
        fields: null,
      });
    },
  );
}

type Teller = Pick<Desk, "services" | "post">;

const nothing = (): void => undefined;

/** A run that an author is told of. */
interface ToldRun {
  readonly dag: Dag;
  readonly row: RunRow;
  readonly state: RunState;
  readonly note: string | null;
}

/** Calls an author's run callback; what it throws is recorded as an event. */
export function callRunCallback(desk: Teller, run: ToldRun): void {
  const { dag, state } = run;
  const callback = state === "success" ? dag.onSuccess : state === "failed" ? dag.onFailure : undefined;
  if (callback) callRun(desk, callback, state, run);
}

/** Tells an author that a run has not ended by its deadline, as {@link callRunCallback} does. */
export function callRunDeadline(desk: Teller, run: ToldRun): void {
  const callback = run.dag.onDeadlineMissed;
  if (callback) callRun(desk, callback, "deadline missed", run);
}

function callRun(desk: Teller, callback: RunCallback, what: string, { row, state, note }: ToldRun): void {
  const { dagId, runId, runNo, logicalDate } = row;
  void guarded(
    () => callback({ dagId, runId, state, logicalDate: instantOf(logicalDate), ...(note === null ? {} : { note }) }),
    (message) => {
      const event = {
        at: desk.services.clock.now(),
        kind: "callback.failed",
        dagId,
        runNo,
        taskInstanceNo: null,
        attempt: null,
        data: JSON.stringify({ state: what, message }),
      };
      const change = { kind: "appendEvent", event } as const;
      desk.post({ kind: "write", change, sent: 0, resolve: nothing, reject: nothing });
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
