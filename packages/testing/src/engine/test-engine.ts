import type { Dag, DurationInput } from "@millrace/core";
import {
  type ConnectionInput,
  createEngine,
  type Engine,
  type EngineEvent,
  type EngineOptions,
  formatInstant,
  givenSecrets,
  localExecutor,
  type Meter,
  parseInstant,
  type RunAnswer,
  type RunOptions,
  type RunResult,
  type SecretProvider,
} from "@millrace/core/engine";
import { isMillraceError, memoryStore, type Randomness, type Store } from "@millrace/core/plugin";
import { ManualClock } from "../clock/manual-clock.ts";
import { type RecordingExecutor, recordingExecutor } from "../doubles/recording-executor.ts";
import { testingError } from "../errors.ts";
import { AttemptsWork } from "./real-work.ts";

/** What tasks get by name. Nothing else is there: a test never reads the secrets of the machine it runs on. */
export interface GivenToTasks {
  /** For `secret(name)`: texts by name, or providers of their own. */
  readonly secrets?: Readonly<Record<string, string>> | readonly SecretProvider[];
  /** For `connection(name)`: URLs or objects by name. They come before providers. */
  readonly connections?: Readonly<Record<string, ConnectionInput>>;
}

/**
 * Options of {@link createTestEngine}: those of an engine, and when its time begins. Tasks with `isolation: "thread"` run
 * beside the engine, where the test can reach them, unless `threads` says otherwise.
 */
export interface TestEngineOptions extends Omit<EngineOptions, "dags" | "clock" | "secrets">, GivenToTasks {
  readonly dags: Iterable<Dag>;
  /** When time begins. Default: noon of 22 October 2026, in UTC. */
  readonly now?: Parameters<typeof parseInstant>[0];
  /** A clock that others share, instead of one of its own. */
  readonly clock?: ManualClock;
  /** Whether runs are made when they are due: then `engine.start()` is called. Default: when a DAG has a schedule. */
  readonly schedule?: boolean;
  /**
   * What time stands still for. `attempts` (default): files, servers and programs that attempts work with. `engine`: those of
   * the engine, its store and its services too, such as catchup settings in a file, a database that waits for its disk, or
   * messages to a webhook; that costs some speed.
   */
  readonly realWork?: "attempts" | "engine";
}

/** An engine whose time only the test moves. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly store: Store;
  /** Knows every attempt that was made. */
  readonly executor: RecordingExecutor;
  /** Everything that was recorded since the engine was opened, in order. */
  readonly events: readonly EngineEvent[];
  /** The clock's time as ISO text in UTC, for example `2026-10-22T12:00:00Z`. */
  now(): string;
  /** Moves time on by milliseconds or a duration; whatever is due on the way happens, one after the other. */
  advance(by: number | DurationInput): Promise<void>;
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;
  /**
   * Makes a run and moves time on until it has ended.
   *
   * @throws what `engine.run` throws, and `TEST_RUN_STUCK` when the run waits for something that no time brings
   */
  run<P>(dag: Dag<P> | string, options?: RunOptions<P>): Promise<RunResult>;
  /** Makes a run and does not wait for it: time stands still until it is moved. */
  trigger<P>(dag: Dag<P> | string, options?: RunOptions<P>): Promise<RunAnswer>;
  close(): Promise<void>;
}

/**
 * An engine in memory under a clock that the test moves: a wait of weeks takes milliseconds. While an attempt reads files
 * or asks servers, time stands still.
 *
 * @throws what `createEngine` throws, and `INSTANT_INVALID`
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createTestEngine } from "@millrace/testing";
 *
 * const flaky = dag("flaky", {}, (d) => {
 *   d.task("ask", { retries: { max: 1, delay: "6h", backoff: "fixed" } }, ({ attempt }) => {
 *     if (attempt === 1) throw new Error("busy");
 *   });
 * });
 * await using test = await createTestEngine({ dags: [flaky], now: "2026-01-01T00:00:00Z" });
 * await test.trigger(flaky);
 * await test.advance("1h");
 * console.log((await test.engine.runs())[0]?.state); // running
 * await test.advance("6h");
 * console.log((await test.engine.runs())[0]?.state, test.now()); // success 2026-01-01T07:00:00Z
 * ```
 */
export async function createTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const dags = [...options.dags];
  const { now, clock: shared, schedule = dags.some((dag) => dag.schedule !== null), realWork, ...given } = options;
  const { secrets, connections, ...ofEngine } = given;
  const { store = memoryStore(), randomness = countingRandomness(), concurrency = 32 } = ofEngine;
  const work = new AttemptsWork();
  const watched = <T>(make: () => Promise<T>): Promise<T> => (realWork === "engine" ? work.engine(make) : make());
  const executor = recordingExecutor(work.watched(ofEngine.executor ?? localExecutor({ concurrency })));
  const start = now === undefined ? undefined : parseInstant(now, "UTC");
  const clock = shared ?? new ManualClock(start, work);
  const engine = await clock.drive(
    watched(() =>
      createEngine({
        threads: "inline",
        meter: meterOf(clock),
        ...ofEngine,
        secrets: providersOf({ secrets, connections }),
        dags,
        clock,
        store: realWork === "engine" ? work.writing(store) : store,
        randomness,
        executor,
      }),
    ),
  );
  const events: EngineEvent[] = [];
  engine.observe((event) => events.push(event));
  if (schedule) await clock.drive(watched(() => engine.start()));
  const drive = async <T>(dag: Dag | string, promise: Promise<T>): Promise<T> => {
    try {
      return await clock.drive(promise);
    } catch (error) {
      if (!isMillraceError(error, "TEST_CLOCK_STUCK")) throw error;
      promise.catch(() => undefined);
      const why = await whatIsMissing(engine, executor);
      throw testingError("TEST_RUN_STUCK", { dagId: typeof dag === "string" ? dag : dag.id, why }, { cause: error });
    }
  };
  void engine.whenStopped().then(() => work.close());
  const close = (): Promise<void> => clock.drive(engine.close());
  return {
    engine,
    clock,
    store,
    executor,
    events,
    now: () => formatInstant(clock.now()),
    advance: (by) => clock.advance(by),
    settle: () => clock.settle(),
    run: (dag, runOptions) => drive(dag, engine.run(dag, runOptions)),
    trigger: (dag, runOptions) => drive(dag, engine.trigger(dag, runOptions)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function providersOf({ secrets = {}, connections = {} }: GivenToTasks): readonly SecretProvider[] {
  const name = "what the test gives as secrets and connections";
  if (!isList(secrets)) return [givenSecrets({ secrets, connections, name })];
  return [givenSecrets({ connections, name }), ...secrets];
}

function isList(secrets: NonNullable<GivenToTasks["secrets"]>): secrets is readonly SecretProvider[] {
  return Array.isArray(secrets);
}

/** Measures by the test's clock: the same in every run of a test. */
function meterOf(clock: ManualClock): Meter {
  const none = (): number => 0;
  return {
    scope: "process",
    nowUs: () => clock.now() * 1_000,
    cpuUs: none,
    memoryBytes: none,
    every: () => () => undefined,
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

/** What the runs that have not ended wait for, in words. */
async function whatIsMissing(engine: Engine, executor: RecordingExecutor): Promise<string> {
  const found = executor.underWay().map(({ taskId }) => `task '${taskId}' has begun and does not end`);
  for (const { dagId, runId } of await engine.runs({ states: ["queued", "running"] })) {
    for (const { taskId, awaits } of await engine.tasks(dagId, runId))
      if (awaits !== null) found.push(`task '${taskId}' awaits the event '${awaits}'`);
  }
  return found.length === 0 ? "nothing is under way" : found.join("; ");
}
