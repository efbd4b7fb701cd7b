import { type Executor, type ExecutorHost, localExecutor } from "@millrace/core/engine";

/** One attempt, as an executor is given it. */
export type Job = Parameters<Executor["submit"]>[0];

/** What an attempt came to, as an executor tells it. */
export type JobOutcome = Parameters<ExecutorHost["finished"]>[1];

/** An attempt that an executor was given. */
export interface RecordedAttempt {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly attempt: number;
  readonly token: number;
  /** `under way`, `cancelled` by the engine, or how it ended. */
  state: "under way" | "cancelled" | JobOutcome["state"];
  /** What it threw, or why it was cancelled. */
  thrown: unknown;
}

/** An executor that remembers what it was given and what became of it. */
export interface RecordingExecutor extends Executor {
  /** In the order in which they were given. */
  readonly attempts: readonly RecordedAttempt[];
  /** Those that are under way now. */
  underWay(): readonly RecordedAttempt[];
}

/**
 * Remembers every attempt that an engine hands to its executor.
 *
 * @param inner - makes the attempts; default: in this process and thread, 32 at a time
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createTestEngine, recordingExecutor } from "@millrace/testing";
 *
 * const hello = dag("hello", {}, (d) => {
 *   d.task("name", () => "Ada");
 * });
 * const executor = recordingExecutor();
 * await using test = await createTestEngine({ dags: [hello], executor });
 * await test.run(hello);
 * console.log(executor.attempts.map(({ taskId, state }) => `${taskId} ${state}`)); // [ 'name success' ]
 * ```
 */
export function recordingExecutor(inner: Executor = localExecutor({ concurrency: 32 })): RecordingExecutor {
  const attempts: RecordedAttempt[] = [];
  const open = new Map<number, RecordedAttempt>();
  const end = (token: number, state: RecordedAttempt["state"], thrown: unknown): void => {
    const attempt = open.get(token);
    if (!attempt) return;
    open.delete(token);
    attempt.state = state;
    attempt.thrown = thrown;
  };
  return {
    attempts,
    underWay: () => [...open.values()],
    start(host) {
      inner.start({
        perform: (job) => host.perform(job),
        finished(token, outcome) {
          end(token, outcome.state, outcome.thrown);
          host.finished(token, outcome);
        },
      });
    },
    submit(job) {
      const { run, task, mapIndex, attempt, token } = job;
      const recorded: RecordedAttempt = {
        dagId: run.dag.id,
        runId: run.runId,
        taskId: task.id,
        mapIndex,
        attempt,
        token,
        state: "under way",
        thrown: undefined,
      };
      attempts.push(recorded);
      open.set(token, recorded);
      inner.submit(job);
    },
    cancel(token, reason) {
      end(token, "cancelled", reason);
      inner.cancel(token, reason);
    },
    freeSlots: () => inner.freeSlots(),
    stop: () => inner.stop(),
  };
}
