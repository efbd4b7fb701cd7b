// Runs in the threads of the pool. One attempt at a time, made by the same code as beside the engine.
import { AsyncLocalStorage } from "node:async_hooks";
import { type MessagePort, threadId } from "node:worker_threads";
import type { Dag } from "../../authoring/definition.ts";
import { dagOfBundle } from "../../config/bundles/load-bundle.ts";
import { coreError, messageOf } from "../../errors.ts";
import { threadMeter } from "../../time/meter.ts";
import { makeAttempt, storedError } from "../attempt.ts";
import { AttemptMeter } from "../attempt-meter.ts";
import { AbortHandle, type Job, type JobOutcome } from "../job.ts";
import { captureConsole } from "../output/task-console.ts";
import { captureStreams } from "../output/thread-streams.ts";
import { errorOf, plainError } from "./plain-error.ts";
import type { FromThread, PlainOutcome, ThreadJob, ToThread } from "./thread-messages.ts";
import { type AskEngine, threadRun, threadServices } from "./thread-services.ts";

/** What the pool hands to a thread. */
export interface ThreadTask {
  readonly job: ThreadJob;
  readonly port: MessagePort;
}

/** The attempt that the thread is making, and what its code belongs to. */
interface Current {
  readonly job: ThreadJob;
  isOver: boolean;
  readonly spend: (outcome: PlainOutcome) => void;
}

const dags = new Map<string, Dag>();
const whose = new AsyncLocalStorage<Current>();

const meter = new AttemptMeter(threadMeter);

captureConsole();
captureStreams();

process.on("uncaughtException", (error) => {
  const current = whose.getStore();
  // Of an attempt that has ended: nobody is waiting for it, and the next attempt has nothing to do with it.
  if (!current || current.isOver) return;
  const { taskId } = current.job;
  const uncaught = coreError("TASK_UNCAUGHT", { taskId, why: messageOf(error) }, { cause: error });
  if (error instanceof Error && error.stack !== undefined) uncaught.stack = error.stack;
  current.spend(failed(uncaught, taskId));
});

export default function run({ job, port }: ThreadTask): Promise<PlainOutcome> {
  return new Promise((resolve) => {
    port.postMessage({ kind: "begun", threadId } satisfies FromThread);
    const idle = process.getActiveResourcesInfo().length;
    const end = (outcome: PlainOutcome, isSpent: boolean): void => {
      if (current.isOver) return;
      current.isOver = true;
      // What the attempt has left behind ends with the thread; the engine ends it once it has the outcome.
      if (isSpent) port.postMessage({ kind: "spent", outcome } satisfies FromThread);
      else resolve(outcome);
    };
    const current: Current = { job, isOver: false, spend: (outcome) => end(outcome, true) };
    void whose
      .run(current, () => attempt(job, port))
      .then((outcome) => end(outcome, process.getActiveResourcesInfo().length > idle));
  });
}

async function attempt(job: ThreadJob, port: MessagePort): Promise<PlainOutcome> {
  const abort = new AbortHandle();
  const ask = asking(port, (reason) => abort.abort(reason));
  const services = threadServices(job, ask, (message) => port.postMessage(message));
  let dag: Dag;
  try {
    dag = await loadDag(job);
    if (dag.tasks[job.taskNo]?.id !== job.taskId)
      throw coreError("THREAD_CODE_CHANGED", { dagId: job.dagId, taskId: job.taskId });
  } catch (error) {
    return failed(error, job.taskId);
  }
  const { taskNo, taskInstanceNo, mapIndex, attempt: number, token, isResumed } = job;
  const made: Job = {
    run: threadRun(job, dag, ask),
    task: dag.tasks[taskNo],
    taskNo,
    taskInstanceNo,
    mapIndex,
    attempt: number,
    token,
    isResumed,
    abort,
  };
  return plainOutcome(await meter.measure(made, () => makeAttempt(made, services, job.longestResult)));
}

/** Reads and checks a bundle once in the life of a thread. */
async function loadDag({ code, dagId }: ThreadJob): Promise<Dag> {
  const name = `${code.home}/${code.hash}/${dagId}`;
  const dag = dags.get(name) ?? (await dagOfBundle(code, dagId));
  dags.set(name, dag);
  return dag;
}

/** The thread's end of the conversation. */
function asking(port: MessagePort, onAbort: (reason: unknown) => void): AskEngine {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let asked = 0;
  port.on("message", (message: ToThread) => {
    if (message.kind === "abort") return onAbort(errorOf(message.reason));
    const question = open.get(message.no);
    open.delete(message.no);
    if (message.kind === "answer") question?.resolve(message.value);
    else question?.reject(errorOf(message.error));
  });
  // It is nothing that the attempt leaves behind.
  port.unref();
  return (name, ...args) =>
    new Promise<never>((resolve, reject) => {
      const no = asked++;
      open.set(no, { resolve: resolve as (value: unknown) => void, reject });
      port.postMessage({ kind: "call", no, name, args } satisfies FromThread);
    });
}

function plainOutcome({ thrown, ...outcome }: JobOutcome): PlainOutcome {
  return outcome.state === "failed" ? { ...outcome, thrown: plainError(thrown) } : outcome;
}

function failed(error: unknown, taskId: string): PlainOutcome {
  return {
    state: "failed",
    thrown: plainError(error),
    error: storedError(error, taskId),
    isFinal: false,
    wakeAt: null,
    awaits: null,
    xcoms: [],
    deletes: [],
  };
}
