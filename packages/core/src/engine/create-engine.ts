import { type Dag, isDag } from "../authoring/definition.ts";
import { defaultPool } from "../authoring/parse-task-options.ts";
import { bundleAddressOf } from "../config/bundles/load-bundle.ts";
import { coreError, shown } from "../errors.ts";
import { compileGraph } from "../graph/compile.ts";
import { fingerprintOf, snapshotOf } from "../graph/snapshot.ts";
import { Observers } from "../observe/observers.ts";
import { makeAttempt } from "../runtime/attempt.ts";
import { type Executor, localExecutor } from "../runtime/executor.ts";
import { LogSink } from "../runtime/log-sink.ts";
import { parseThreadOptions, type ThreadOptions } from "../runtime/threads/thread-options.ts";
import { ThreadPool } from "../runtime/threads/thread-pool.ts";
import { LiveDag } from "../scheduler/live-dag.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Store } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import { patientReads } from "../store/patient-reads.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import { parseInstant } from "../time/instant.ts";
import { type Randomness, systemRandomness } from "../time/random.ts";
import type { XComServices } from "../xcom/accessor.ts";
import { type XComBackend, xcomBackend } from "../xcom/backend.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import { Engine } from "./engine.ts";
import { engineDefaults } from "./engine-defaults.ts";
import { parseRunRequest } from "./parse-run-request.ts";

export interface EngineOptions {
  readonly dags?: Iterable<Dag>;
  /** Default: in memory; then nothing outlives the process. */
  readonly store?: Store;
  readonly xcom?: {
    /** Parts in the order of writing, or a backend. Default: plain JSON in the store. */
    readonly backend?: readonly XComBackendPart[] | XComBackend;
    /** Parts that only read what they once wrote. */
    readonly readers?: readonly XComBackendPart[];
    /** Longest JSON text of one value. Default 64 MiB. */
    readonly maxValueBytes?: number;
  };
  /** Slots by pool. `default_pool` has 128 unless given here. */
  readonly pools?: Readonly<Record<string, number>>;
  /** Tasks that run at once in this process. Default 32. */
  readonly concurrency?: number;
  /** Default: runs tasks in this process, each where its `isolation` says. */
  readonly executor?: Executor;
  /** Threads for tasks with `isolation: "thread"`. */
  readonly threads?: ThreadOptions;
  /** How long a task in a thread may go on after its signal has aborted; then its thread is ended. Default 5 s. */
  readonly killGrace?: DurationInput;
  /** How long a store that cannot be written is tried again before the engine stops. Default 30 s. */
  readonly storePatience?: DurationInput;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

const defaultPoolSlots = 128;
const logFlushMs = 250;
let hasWarnedOfMemory = false;

/**
 * Opens the store, registers the DAGs and gives an engine that can run them. Close it with `close()` or `await using`.
 *
 * @throws `DAG_DUPLICATE`, `POOL_UNKNOWN`, `THREAD_CODE_MISSING`, `STORE_…` (the store's own), `XCOM_STACK_INVALID`
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createEngine } from "@millrace/core/engine";
 * import { memoryStore } from "@millrace/core/plugin";
 *
 * const hello = dag("hello", {}, (d) => {
 *   d.task("name", () => "Ada");
 * });
 * await using engine = await createEngine({ dags: [hello], store: memoryStore() });
 * const result = await engine.run(hello);
 * console.log(result.state, await result.xcom("name")); // success Ada
 * ```
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { clock = systemClock, randomness = systemRandomness, concurrency = engineDefaults.concurrency } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw coreError("DAG_OPTION_INVALID", {
      option: "concurrency",
      where: "createEngine",
      value: shown(concurrency),
      expected: "a whole number of at least 1 is needed",
    });
  const patienceMs = parseDuration(options.storePatience ?? "30s");
  const killGraceMs = parseDuration(options.killGrace ?? "5s");
  const threadOptions = parseThreadOptions(options.threads, concurrency);
  const dags = checkDags(options.dags ?? []);
  const store = options.store ?? memoryWithWarning();
  const { epoch } = await store.open("engine");
  try {
    const pools = await settlePools(store, dags, options.pools ?? {}, clock);
    const live = await registerDags(store, dags, clock);
    const now = (): number => clock.now();
    const xcoms: XComServices = {
      store: patientReads(store, { clock, patienceMs }),
      write: (change) => scheduler.write(change),
      backend: backendOf(options.xcom),
      maxValueBytes: options.xcom?.maxValueBytes ?? engineDefaults.maxValueBytes,
      now,
      randomHex: () => randomness.hex(4),
    };
    const logs = new LogSink(() => void clock.sleep(logFlushMs).then(() => scheduler.poke()));
    const runtime = {
      ...xcoms,
      logs,
      access: {
        clock,
        trigger: async ({ dagId, ...request }: { readonly dagId: string; readonly idempotencyKey: string }) => {
          const dag = live.get(dagId);
          if (!dag) throw coreError("DAG_NOT_FOUND", { dagId });
          return scheduler.create(await parseRunRequest(dag, request, { type: "triggered", now: now(), randomness }));
        },
      },
    };
    const threads = new ThreadPool({ ...threadOptions, killGraceMs, clock, services: runtime });
    const executor = options.executor ?? localExecutor({ concurrency });
    const observers = new Observers(store, clock, await store.events.last());
    const scheduler: Scheduler = new Scheduler({
      store,
      clock,
      executor: {
        ...executor,
        async stop() {
          await executor.stop();
          await threads.close();
        },
      },
      runtime,
      logs,
      observers,
      patienceMs,
      perform: (job, longest) =>
        job.task.isolation === "thread" ? threads.perform(job, longest) : makeAttempt(job, runtime, longest),
      dagOf: (dagId) => live.get(dagId),
    });
    for (const [pool, slots] of pools) scheduler.setPool(pool, slots);
    scheduler.start(epoch);
    return new Engine({ store, scheduler, observers, xcoms, clock, randomness, dags: live });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function memoryWithWarning(): Store {
  if (!hasWarnedOfMemory)
    process.emitWarning(
      'No store was given, so everything is kept in memory and ends with the process. Give createEngine a store, for example sqlite({ path: ".millrace/millrace.db" }) of @millrace/store-sqlite.',
      "MillraceWarning",
    );
  hasWarnedOfMemory = true;
  return memoryStore();
}

function checkDags(dags: Iterable<Dag>): readonly Dag[] {
  const byId = new Map<string, Dag>();
  for (const dag of dags) {
    if (!isDag(dag))
      throw coreError("DAG_OPTION_INVALID", {
        option: "dags",
        where: "createEngine",
        value: shown(dag),
        expected: "what dag(...) returns is needed",
      });
    if (byId.has(dag.id)) throw coreError("DAG_DUPLICATE", { dagId: dag.id });
    const inThread = dag.tasks.find(({ isolation }) => isolation === "thread");
    if (inThread && !bundleAddressOf(dag))
      throw coreError("THREAD_CODE_MISSING", { taskId: inThread.id, dagId: dag.id });
    byId.set(dag.id, dag);
  }
  return [...byId.values()];
}

/** Pools of the options are stored; a pool that a DAG names must be among them or in the store. */
async function settlePools(
  store: Store,
  dags: readonly Dag[],
  given: Readonly<Record<string, number>>,
  clock: Clock,
): Promise<ReadonlyMap<string, number>> {
  const stored = new Map((await store.pools.list()).map(({ pool, slots }) => [pool, slots]));
  const pools = new Map([[defaultPool, defaultPoolSlots], ...stored, ...Object.entries(given)]);
  for (const [pool, slots] of pools) {
    if (!Number.isSafeInteger(slots) || slots < 0)
      throw coreError("DAG_OPTION_INVALID", {
        option: `pools.${pool}`,
        where: "createEngine",
        value: shown(slots),
        expected: "a whole number of slots is needed",
      });
  }
  for (const dag of dags) {
    for (const { id: taskId, pool, poolSlots } of dag.tasks) {
      const slots = pools.get(pool);
      if (slots === undefined) throw coreError("POOL_UNKNOWN", { taskId, dagId: dag.id, pool });
      // A pool of 0 slots is closed for a while; one that can never be enough is a mistake.
      if (slots > 0 && poolSlots > slots)
        throw coreError("DAG_OPTION_INVALID", {
          option: "poolSlots",
          where: `task '${taskId}' of DAG '${dag.id}'`,
          value: poolSlots,
          expected: `the pool '${pool}' has ${slots} slots in all`,
        });
    }
  }
  const changed = [...pools].filter(([pool, slots]) => stored.get(pool) !== slots);
  if (changed.length > 0)
    await store.commit(changed.map(([pool, slots]) => ({ kind: "putPool", pool, slots, at: clock.now() })));
  return pools;
}

async function registerDags(store: Store, dags: readonly Dag[], clock: Clock): Promise<Map<string, LiveDag>> {
  const at = clock.now();
  const outcomes = await store.commit(
    dags.map((dag) => {
      const snapshot = JSON.stringify(snapshotOf(dag));
      const startDate =
        typeof dag.startDate === "string" ? parseInstant(dag.startDate, dag.timezone, at) : (dag.startDate ?? null);
      return {
        kind: "registerDag",
        dagId: dag.id,
        fingerprint: fingerprintOf(snapshot),
        snapshot,
        bundle: null,
        taskIds: dag.tasks.map(({ id }) => id),
        paused: dag.paused,
        startDate,
        at,
      };
    }),
  );
  const live = new Map<string, LiveDag>();
  dags.forEach((dag, place) => {
    const outcome = outcomes[place];
    if (outcome.status !== "registered")
      throw coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to a DAG` });
    live.set(
      dag.id,
      new LiveDag(compileGraph(dag), { dagNo: outcome.dagNo, versionNo: outcome.versionNo, isPaused: outcome.paused }),
    );
  });
  return live;
}

function backendOf(xcom: EngineOptions["xcom"]): XComBackend {
  const { backend = [], readers } = xcom ?? {};
  return "serialize" in backend ? backend : xcomBackend(backend, { readers });
}
