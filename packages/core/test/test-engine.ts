import { createEngine, type EngineOptions } from "../src/engine/create-engine.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { RunOptions } from "../src/engine/parse-run-request.ts";
import type { RunResult } from "../src/engine/run-result.ts";
import type { Dag } from "../src/index.ts";
import type { TaskState } from "../src/lifecycle/states.ts";
import type { EngineEvent } from "../src/observe/engine-event.ts";
import type { Store } from "../src/store/contract.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { Randomness } from "../src/time/random.ts";
import { ManualClock } from "./manual-clock.ts";

/** An engine under a clock that the test moves. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly store: Store;
  /** Everything that observers were told. */
  readonly events: readonly EngineEvent[];
  /** Runs the DAG to its end, moving time on wherever the run waits for it. */
  run<P>(dag: Dag<P>, options?: RunOptions<P>): Promise<RunResult>;
}

export async function openEngine(
  options: Omit<EngineOptions, "dags" | "clock"> & {
    readonly dags: Iterable<Dag>;
    readonly clock?: ManualClock;
  },
): Promise<TestEngine> {
  const { clock = new ManualClock(), store = memoryStore(), randomness = countingRandomness() } = options;
  const engine = await clock.drive(createEngine({ ...options, clock, store, randomness }));
  const events: EngineEvent[] = [];
  engine.observe((event) => events.push(event));
  return {
    engine,
    clock,
    store,
    events,
    run: (dag, runOptions) => clock.drive(engine.run(dag, runOptions)),
    [Symbol.asyncDispose]: () => clock.drive(engine.close()),
  };
}

/** Numbers instead of randomness: every run of a test is the same. */
export function countingRandomness(): Randomness {
  let count = 0;
  return {
    hex: (bytes) =>
      (++count)
        .toString(16)
        .padStart(bytes * 2, "0")
        .slice(-bytes * 2),
  };
}

/** The state of every task of a result. */
export function statesOf(result: RunResult): Record<string, TaskState> {
  return Object.fromEntries(Object.entries(result.tasks).map(([id, task]) => [id, task.state]));
}

/** Ids of the tasks in the order in which their attempts began. */
export function startOrder(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ kind, taskId, mapIndex }) => {
    if (kind !== "task.running" || taskId === undefined) return [];
    return [mapIndex === undefined || mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`];
  });
}

/** A promise that the test settles by hand. */
export function gate<T = void>(): {
  readonly opened: Promise<T>;
  readonly open: (value: T) => void;
  readonly fail: (error: unknown) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => undefined);
  return { opened: promise, open: resolve, fail: reject };
}
