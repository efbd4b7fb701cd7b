import { resolve } from "node:path";
import type { Dag } from "../authoring/definition.ts";
import { bundleOfDag, dagOfBundle } from "../config/bundles/load-bundle.ts";
import { coreError, isMillraceError, shown } from "../errors.ts";
import { type Masker, maskSecrets, processMasker } from "../masking/masker.ts";
import type { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import type { MetricSample } from "../observe/metrics/task-metric-sink.ts";
import { Observers } from "../observe/observers.ts";
import { attemptMaker } from "../runtime/attempt-maker.ts";
import type { RuntimeServices } from "../runtime/context.ts";
import { readDecision } from "../runtime/decision.ts";
import { type Executor, localExecutor, stoppingAfter } from "../runtime/executor.ts";
import { LogSink, type TaskLine } from "../runtime/log-sink.ts";
import { parseThreadOptions, type ThreadOptions } from "../runtime/threads/thread-options.ts";
import { DagBook } from "../scheduler/dag-book.ts";
import type { LiveVersion } from "../scheduler/live-version.ts";
import { LostAttempts } from "../scheduler/lost-attempts.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { environmentSecrets } from "../secrets/environment-provider.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import { SecretReader } from "../secrets/secret-reader.ts";
import type { Change, Outcome, Store } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import { patientReads } from "../store/patient-reads.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import type { Meter } from "../time/meter.ts";
import { type Randomness, systemRandomness } from "../time/random.ts";
import type { XComServices } from "../xcom/accessor.ts";
import { type XComBackend, xcomBackend } from "../xcom/backend.ts";
import { boundedBackend } from "../xcom/bounded-backend.ts";
import { chunkPlace } from "../xcom/chunk-place.ts";
import { placesOf } from "../xcom/collector/placed-refs.ts";
import { removeStreams, storedStreams } from "../xcom/collector/stored-streams.ts";
import type { XComOperation } from "../xcom/operation.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import { XComPurger } from "../xcom/xcom-purger.ts";
import { type CatchupNotice, CatchupSettings } from "./catchup-settings.ts";
import { checkEngineOptions } from "./check-engine-options.ts";
import { Engine } from "./engine.ts";
import { engineDefaults } from "./engine-defaults.ts";
import { type MetricsOptions, openMetrics } from "./open-metrics.ts";
import { intervalRunRequest, parseRunRequest } from "./parse-run-request.ts";
import { checkPoolsOf, settlePools } from "./pools.ts";
import { checkDags } from "./replace-dags.ts";
import { ServiceRequests } from "./requests/service-requests.ts";
import { type EngineService, Services } from "./service.ts";
import { XComMonitor } from "./xcom-monitor.ts";
import { closeXComParts, openXComParts, type XComNotice } from "./xcom-parts.ts";

/** What a person should know. */
export type EngineNotice = XComNotice | CatchupNotice;

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
    /** How long parts may take to write or read one value. Default 10 min. */
    readonly timeout?: DurationInput;
    /** Told each thing that a part does, in numbers only, for a monitoring system of your own. What it throws is passed over. */
    readonly onOperation?: (operation: XComOperation) => void;
    /** Each thing that a part does is a line at level debug in the log of the attempt that has it done. Default false. */
    readonly logOperations?: boolean;
  };
  /** Slots by pool. `default_pool` has 128 unless given here. */
  readonly pools?: Readonly<Record<string, number>>;
  /** Tasks that run at once in this process. Default 32. */
  readonly concurrency?: number;
  /** Default: runs tasks in this process, each where its `isolation` says. */
  readonly executor?: Executor;
  /** Threads for tasks with `isolation: "thread"`. `"inline"` runs these beside the engine too, for tests and debuggers. */
  readonly threads?: ThreadOptions | "inline";
  /** How long a task in a thread may go on after its signal has aborted; then its thread is ended. Default 5 s. */
  readonly killGrace?: DurationInput;
  /** How long a store that cannot be written is tried again before the engine stops. Default 30 s. */
  readonly storePatience?: DurationInput;
  /**
   * So often may an attempt of a task instance end with its process; then the task fails with `TASK_POISON`. Default 3.
   * If others were under way in the process each time, it is first attempted once more, alone.
   * Before that, an attempt that was lost is made again and does not count against the task's retries.
   */
  readonly maxCrashes?: number;
  /** What lives beside the scheduler; each may take 10 s to start, and 10 s to stop. */
  readonly services?: readonly EngineService[];
  /** The folder for what Millrace keeps: code of runs that began before the engine is found there. Default `.millrace`. */
  readonly home?: string;
  /** Where secrets and connections come from: the first that has a name wins. Default: `[environmentSecrets()]`. */
  readonly secrets?: readonly SecretProvider[];
  /** How long a secret or connection is kept before it is asked for again. Default 5 min. */
  readonly secretTtl?: DurationInput;
  /** How long one provider may take to give one. Default 10 s. */
  readonly secretTimeout?: DurationInput;
  readonly metrics?: MetricsOptions;
  /**
   * Has a thread say on standard error, while it happens, that nothing else could go on for so long, and which tasks beside
   * the engine are under way. `after` is 1 s unless given. Default: nobody watches.
   */
  readonly watchdog?: { readonly after?: DurationInput };
  /** Told every line that a task logs or prints, as it comes and before it is stored. */
  readonly onTaskLine?: (line: TaskLine) => void;
  /**
   * Told what a person should know of a part of the XCom backend, when it is made ready, and of catchup settings that cannot be
   * read. Default: a warning of the process.
   */
  readonly onNotice?: (notice: EngineNotice) => void;
  readonly clock?: Clock;
  /** What attempts beside the engine are measured with. Default: this process. */
  readonly meter?: Meter;
  readonly randomness?: Randomness;
}

const logFlushMs = 250;
const serviceGraceMs = 10_000;
const leastWatchMs = 50;
let hasWarnedOfMemory = false;

/**
 * Opens the store, registers the DAGs and gives an engine that can run them. Close it with `close()` or `await using`. The
 * parts of its XCom backend are made ready first if there are DAGs, else when it starts; `close()` has them let go.
 *
 * @throws `DAG_OPTION_INVALID`, `DAG_DUPLICATE`, `POOL_UNKNOWN`, `THREAD_CODE_MISSING`, `STORE_…` (the store's own), `XCOM_STACK_INVALID`, `XCOM_PART_NOT_READY` and what parts throw that are not ready
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
  checkEngineOptions(options);
  const { clock = systemClock, randomness = systemRandomness, concurrency = engineDefaults.concurrency } = options;
  const home = resolve(options.home ?? ".millrace");
  const maxCrashes = options.maxCrashes ?? engineDefaults.maxCrashes;
  const patienceMs = parseDuration(options.storePatience ?? "30s");
  const killGraceMs = parseDuration(options.killGrace ?? engineDefaults.killGrace);
  const threadOptions = options.threads === "inline" ? undefined : parseThreadOptions(options.threads, concurrency);
  const watchdogAfterMs = options.watchdog && parseDuration(options.watchdog.after ?? "1s");
  if (watchdogAfterMs !== undefined && watchdogAfterMs < leastWatchMs)
    throw coreError("DAG_OPTION_INVALID", {
      option: "watchdog.after",
      where: "createEngine",
      value: shown(options.watchdog?.after),
      expected: `at least ${leastWatchMs} ms are needed`,
    });
  const mayThread = threadOptions !== undefined;
  const dags = checkDags(options.dags ?? [], "createEngine", mayThread);
  const metrics = await openMetrics(options.metrics, clock);
  const store = options.store ?? memoryWithWarning();
  const backend = backendOf(options.xcom);
  const { epoch } = await store.open("engine");
  try {
    const openParts = once(async () => {
      for (const notice of await openXComParts(backend.parts, { clock, readers: backend.readers }))
        (options.onNotice ?? warnOf)(notice);
    });
    if (dags.length > 0) await openParts();
    const pools = await settlePools(store, options.pools ?? {}, clock);
    checkPoolsOf(dags, (pool) => pools.get(pool));
    const book = new DagBook(store, {
      bundleOf: bundleOfDag,
      load: (hash, dagId) => dagOfBundle({ home, hash }, dagId),
    });
    await registerDags(book, store, dags, clock);
    const lost = new LostAttempts(await store.tasks.running());
    const now = (): number => clock.now();
    const reads = patientReads(store, { clock, patienceMs });
    const write = (change: Change): Promise<Outcome> => scheduler.ask.write(change);
    const monitor = new XComMonitor({ store, clock, metrics, write, onOperation: options.xcom?.onOperation });
    const { onOperation } = monitor;
    const timeoutMs = parseDuration(options.xcom?.timeout ?? engineDefaults.xcomTimeout);
    const streams = storedStreams(store, (streamIds) => removeStreams(write, streamIds));
    const purger = new XComPurger({ places: placesOf(backend.parts), streams, clock, timeoutMs, onOperation });
    const xcoms: XComServices = {
      store: reads,
      write,
      backend: boundedBackend(backend, {
        clock,
        timeoutMs,
        onFailure: (reason) => metrics.xcomPartFailed(reason),
        onOperation,
      }),
      onOperation,
      chunksOf: (taskInstanceNo, attempt) =>
        chunkPlace({ store: reads, write, now }, () => `${taskInstanceNo}/${attempt}/${randomness.hex(4)}`),
      maxValueBytes: options.xcom?.maxValueBytes ?? engineDefaults.maxValueBytes,
      now,
      randomHex: () => randomness.hex(4),
    };
    const masker = processMasker;
    const secrets = new SecretReader({
      providers: options.secrets ?? [environmentSecrets()],
      clock,
      ttlMs: parseDuration(options.secretTtl ?? engineDefaults.secretTtl),
      timeoutMs: parseDuration(options.secretTimeout ?? engineDefaults.secretTimeout),
      masker,
    });
    const logs = new LogSink(
      () => void clock.sleep(logFlushMs).then(() => scheduler.poke()),
      masker,
      options.onTaskLine,
    );
    const runtime = {
      ...xcoms,
      logs,
      secrets,
      record: maskedRecord(metrics, masker),
      access: {
        clock,
        trigger: async ({ dagId, ...request }: { readonly dagId: string; readonly idempotencyKey: string }) => {
          const version = book.version(dagId);
          if (!version) throw coreError("DAG_NOT_FOUND", { dagId });
          return scheduler.ask.create(
            await parseRunRequest(version, request, { type: "triggered", now: now(), randomness }),
          );
        },
      },
    };
    const observers = new Observers(store, clock, metrics, await store.events.last());
    const maker = attemptMaker({
      services: runtime,
      logsXComs: options.xcom?.logOperations === true,
      meter: options.meter,
      threads: threadOptions && { ...threadOptions, killGraceMs, clock },
      watchdogAfterMs,
    });
    const executor = options.executor ?? localExecutor({ concurrency });
    const scheduler: Scheduler = new Scheduler({
      store,
      clock,
      executor: stoppingAfter(executor, () => maker.close()),
      runtime,
      previousRun: reads.previousRun,
      logs,
      observers,
      metrics,
      masker,
      purger,
      patienceMs,
      requestOf: (dag, run) => {
        try {
          return intervalRunRequest(dag.current as LiveVersion, run);
        } catch (error) {
          if (isMillraceError(error)) return error;
          throw error;
        }
      },
      perform: (job, longest) => maker.perform(job, longest),
      maxCrashes,
      lost,
      dags: book,
      decisionOf: (row, decider) => readDecision(xcoms, row, decider),
    });
    metrics.readFrom({
      runs: scheduler.runs,
      pools: scheduler.pools,
      freeSlots: () => executor.freeSlots(),
      listeners: observers,
    });
    for (const [pool, slots] of pools) scheduler.setPool(pool, slots);
    const catchup = new CatchupSettings({
      store,
      clock,
      dags: book,
      ask: scheduler.ask,
      metrics,
      onNotice: options.onNotice ?? warnOf,
    });
    scheduler.start(epoch);
    return new Engine({
      store,
      scheduler,
      observers,
      metrics,
      xcoms,
      parts: { open: openParts, close: () => closeXComParts(backend.parts, { clock }) },
      monitor,
      secrets,
      purger,
      clock,
      randomness,
      dags: book,
      mayThread,
      handlers: new ServiceRequests(),
      services: new Services(options.services ?? [], clock, serviceGraceMs),
      catchup,
      checkPools: (given) => checkPoolsOf(given, (pool) => scheduler.pools.get(pool)?.capacity),
    });
  } catch (error) {
    await closeXComParts(backend.parts, { clock });
    await store.close();
    throw error;
  }
}

/** What tasks measure, without secrets in labels and help. */
function maskedRecord(metrics: EngineMetrics, masker: Masker): RuntimeServices["record"] {
  return (dagId, taskId, sample) =>
    metrics.record(dagId, taskId, masker.isActive ? maskedSample(sample, masker) : sample);
}

function maskedSample(sample: MetricSample, masker: Masker): MetricSample {
  if (sample.kind === "log_line_dropped") return sample;
  const labels = Object.entries(sample.labels).map(([label, text]) => [label, masker.mask(text)]);
  return {
    ...sample,
    labels: Object.fromEntries(labels) as Record<string, string>,
    help: sample.help === undefined ? undefined : masker.mask(String(sample.help)),
  };
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

function warnOf(notice: EngineNotice): void {
  const about = "part" in notice ? `XCom part '${notice.part}'` : `Catchup settings '${notice.source}'`;
  process.emitWarning(`${about}: ${maskSecrets(notice.message)}`, "MillraceWarning");
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

async function registerDags(book: DagBook, store: Store, dags: readonly Dag[], clock: Clock): Promise<void> {
  const at = clock.now();
  const outcomes = await store.commit(dags.map((dag) => book.registration(dag, at)));
  for (const [place, dag] of dags.entries()) book.registered(dag, outcomes[place]);
}

function backendOf(xcom: EngineOptions["xcom"]): XComBackend {
  const { backend = [], readers } = xcom ?? {};
  return "serialize" in backend ? backend : xcomBackend(backend, { readers });
}
