import type { ExecutorHost } from "@millrace/core/engine";
import { encodeValue, shown } from "@millrace/core/plugin";
import { testingError } from "../errors.ts";
import {
  type Job,
  type JobOutcome,
  type RecordedAttempt,
  type RecordingExecutor,
  recordingExecutor,
} from "./recording-executor.ts";

/** An attempt to be ended: itself, or the one that is under way of a task. */
export type AttemptName =
  | string
  | { readonly taskId: string; readonly mapIndex: number }
  | Pick<RecordedAttempt, "token">;

/** An executor whose attempts end when the test says so. */
export interface ManualExecutor extends RecordingExecutor {
  /** The attempt ends well, with this result. */
  succeed(attempt: AttemptName, result?: unknown): void;
  /** The attempt fails; by default with an error that says so. */
  fail(attempt: AttemptName, error?: Error): void;
  /** The attempt ends in any way; also one that was cancelled, as attempts do that come too late. */
  end(attempt: AttemptName, outcome: Partial<JobOutcome> & Pick<JobOutcome, "state">): void;
  /** Makes the attempt: the task's own function is called. */
  perform(attempt: AttemptName): Promise<void>;
}

/**
 * Takes attempts and does nothing with them until the test says how they end: for tests of what happens meanwhile.
 *
 * @param options - `concurrency`: how many attempts it takes at once; default 32
 * @throws `TEST_ATTEMPT_UNKNOWN` from what ends an attempt, when there is none of that name
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createTestEngine, manualExecutor } from "@millrace/testing";
 *
 * const hello = dag("hello", {}, (d) => {
 *   const name = d.task("name", () => "nobody asks me");
 *   d.task("greet", { input: name }, ({ input }) => `Hello ${input}`);
 * });
 * const executor = manualExecutor();
 * await using test = await createTestEngine({ dags: [hello], executor });
 * const { runId } = await test.trigger(hello);
 * await test.settle();
 * executor.succeed("name", "Ada");
 * await test.settle();
 * await executor.perform("greet");
 * await test.settle();
 * console.log(await test.engine.xcom("hello", runId, "greet")); // Hello Ada
 * ```
 */
export function manualExecutor(options: { readonly concurrency?: number } = {}): ManualExecutor {
  const { concurrency = 32 } = options;
  const jobs = new Map<number, Job>();
  const running = new Set<number>();
  let host: ExecutorHost | undefined;
  const recording = recordingExecutor({
    start(given) {
      host = given;
    },
    submit(job) {
      jobs.set(job.token, job);
      running.add(job.token);
    },
    cancel(token, reason) {
      if (running.delete(token)) jobs.get(token)?.abort.abort(reason);
    },
    freeSlots: () => concurrency - running.size,
    async stop() {
      for (const token of running) jobs.get(token)?.abort.abort(new Error("the engine is closing"));
      running.clear();
    },
  });

  const jobOf = (name: AttemptName): Job => {
    const found = recording.attempts.findLast((attempt) => {
      if (typeof name === "object" && "token" in name) return attempt.token === name.token;
      if (attempt.state !== "under way") return false;
      return typeof name === "string"
        ? attempt.taskId === name
        : attempt.taskId === name.taskId && attempt.mapIndex === name.mapIndex;
    });
    const job = found && jobs.get(found.token);
    if (job) return job;
    const known = recording
      .underWay()
      .map(({ taskId, mapIndex }) => (mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`));
    throw testingError("TEST_ATTEMPT_UNKNOWN", {
      attempt: shown(typeof name === "object" ? JSON.stringify(name) : name),
      known: known.join(", ") || "none",
    });
  };
  const finish = (job: Job, outcome: JobOutcome): void => {
    running.delete(job.token);
    host?.finished(job.token, outcome);
  };
  const end: ManualExecutor["end"] = (attempt, outcome) => finish(jobOf(attempt), { ...nothing, ...outcome });

  return {
    ...recording,
    end,
    succeed(attempt, result) {
      if (result === undefined) return end(attempt, { state: "success" });
      const stored = encodeValue(result);
      const xcom = { key: "return_value", format: "json", stored, sizeBytes: Buffer.byteLength(stored) } as const;
      end(attempt, { state: "success", xcoms: [xcom] });
    },
    fail(attempt, error = new Error("failed by the test")) {
      end(attempt, { state: "failed", thrown: error, error: { name: error.name, message: error.message } });
    },
    async perform(attempt) {
      const job = jobOf(attempt);
      if (host) finish(job, await host.perform(job));
    },
  };
}

const nothing = {
  error: undefined,
  isFinal: false,
  wakeAt: null,
  awaits: null,
  xcoms: [],
  deletes: [],
} satisfies Omit<JobOutcome, "state">;
