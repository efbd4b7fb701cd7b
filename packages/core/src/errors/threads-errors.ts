import type { ErrorEntry } from "../errors.ts";

/** What can happen to tasks in threads. */
export const threadsErrors = {
  TASK_THREAD_EXITED: {
    says: "Task '{taskId}' ended its thread with exit code {exitCode}",
    cure: "Return a result or throw an error instead of calling process.exit.",
  },
  TASK_OUT_OF_MEMORY: {
    says: "Task '{taskId}' needed more than the {limitMb} MB of memory that a thread may have",
    cure: "Work in smaller pieces or pass streams, or raise `threads.maxMemoryMb` of createEngine.",
  },
  TASK_UNCAUGHT: {
    says: "Task '{taskId}' threw an error where nobody could catch it: {why}",
    cure: "Await every promise that the task makes, and give streams and emitters a listener for 'error'.",
  },
  TASK_KILLED: {
    says: "Task '{taskId}' went on for {grace} after it was told to stop, so its thread was ended",
    cure: "Honour `signal`, and leave loops now and then so that it can be seen; or raise `killGrace` of createEngine.",
  },
  THREAD_FAILED: {
    says: "The thread of task '{taskId}' failed: {why}",
    cure: "See the cause; the engine and its other tasks go on.",
  },
  THREAD_CALL_REFUSED: {
    says: "A thread asked the engine for {name}, which it does not give to threads",
    cure: "Use the context that the task is given and nothing beside it.",
  },
  THREAD_CODE_MISSING: {
    says: "Task '{taskId}' of DAG '{dagId}' is to run in a thread, but the DAG comes from no file that a thread could load",
    cure: "Put the DAG into a file of its own and load it with loadDags, or use isolation: 'inline'.",
  },
  THREAD_CODE_CHANGED: {
    says: "DAG '{dagId}', loaded again in a thread, has no task '{taskId}' in its place",
    cure: "Let the DAG file define the same DAG whenever and wherever it is loaded: not by time, chance or variables of the environment.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
