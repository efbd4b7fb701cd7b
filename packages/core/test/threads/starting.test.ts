import { EventEmitter } from "node:events";
import { beforeEach, expect, test, vi } from "vitest";
import { AbortHandle, type Job } from "../../src/runtime/job.ts";
import { ThreadPool } from "../../src/runtime/threads/thread-pool.ts";
import type { ThreadTask } from "../../src/runtime/threads/worker.ts";
import { systemClock } from "../../src/time/clock.ts";
import { xcomBackend } from "../../src/xcom/backend.ts";
import { bundledDags } from "./bundled-dags.ts";

/** Threads that cannot start: so many more times. */
let failures = 0;
let starts = 0;

vi.mock("piscina", () => ({
  /** Does as piscina does: an attempt waits for a thread, and when that dies before it is ready, for ever. */
  Piscina: class extends EventEmitter {
    readonly threads = [];
    run({ port, job }: ThreadTask, { signal }: { signal: AbortSignal }): Promise<unknown> {
      starts++;
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        setImmediate(() => {
          if (failures-- > 0) return this.emit("error", new Error("it dies at once"));
          port.postMessage({ kind: "begun", threadId: 1 });
          return resolve({ state: "success", xcoms: [{ key: "by", stored: job.taskId }] });
        });
      });
    }
    async destroy(): Promise<void> {}
  },
}));

beforeEach(() => {
  starts = 0;
});

async function outcomesOf(attempts: number) {
  const { thread: dag } = await bundledDags(`d.task("t", () => 1);`);
  const services = { backend: xcomBackend([]), now: () => 0, maxValueBytes: 1_000, logs: { add: () => undefined } };
  const options = { max: 1, maxMemoryMb: 64, env: [], killGraceMs: 100, clock: systemClock, services };
  const pool = new ThreadPool(options as unknown as ConstructorParameters<typeof ThreadPool>[0]);
  const made = Array.from({ length: attempts }, (_, token) => {
    const job = { run: { dag, conf: {} }, task: dag.tasks[0], taskNo: 0, token, abort: new AbortHandle() };
    return pool.perform(job as unknown as Job, undefined);
  });
  const outcomes = await Promise.all(made);
  await pool.close();
  return outcomes.map(({ state, error }) => error?.code ?? state);
}

test("an attempt whose thread could not start is given to another", async () => {
  failures = 2;
  expect(await outcomesOf(2)).toEqual(["success", "success"]);
  expect(starts).toBe(4);
});

test("attempts for which no thread can ever start fail; none of them waits for ever", async () => {
  failures = Number.POSITIVE_INFINITY;
  expect(await outcomesOf(3)).toEqual(["THREAD_FAILED", "THREAD_FAILED", "THREAD_FAILED"]);
  expect(starts).toBe(9);
});
