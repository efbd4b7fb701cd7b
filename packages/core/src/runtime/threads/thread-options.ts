import { availableParallelism } from "node:os";
import { coreError, shown } from "../../errors.ts";

/** Threads for tasks with `isolation: "thread"`. */
export interface ThreadOptions {
  /**
   * Threads at once. Further attempts wait for one, each with its slot, and their `executionTimeout` runs meanwhile.
   * Default: as many as there are processors, at least 2; never more than `concurrency`.
   */
  readonly max?: number;
  /**
   * Memory that one thread may use, in megabytes; an attempt that needs more fails. Heap and buffers together are
   * looked at 20 times a second, so that an attempt may use more for a moment. Default 512.
   */
  readonly maxMemoryMb?: number;
  /**
   * Names of variables of the engine's environment that tasks in threads see, besides PATH, HOME, LANG, LC_ALL, TZ, TMPDIR
   * and NODE_ENV.
   */
  readonly env?: readonly string[];
}

export const threadDefaults = { maxMemoryMb: 512 } as const;

/** @throws `DAG_OPTION_INVALID` */
export function parseThreadOptions(options: ThreadOptions = {}, concurrency: number): Required<ThreadOptions> {
  const { max = Math.max(2, availableParallelism()), maxMemoryMb = threadDefaults.maxMemoryMb, env = [] } = options;
  const wrong = (option: string, value: unknown, expected: string): never => {
    throw coreError("DAG_OPTION_INVALID", {
      option: `threads.${option}`,
      where: "createEngine",
      value: shown(value),
      expected,
    });
  };
  if (!Number.isSafeInteger(max) || max < 1) wrong("max", max, "a whole number of at least 1 is needed");
  if (!Number.isSafeInteger(maxMemoryMb) || maxMemoryMb < 16)
    wrong("maxMemoryMb", maxMemoryMb, "a whole number of at least 16 is needed");
  if (!Array.isArray(env) || !env.every((name) => typeof name === "string"))
    wrong("env", env, "a list of names of variables is needed");
  return { max: Math.min(max, concurrency), maxMemoryMb, env };
}
