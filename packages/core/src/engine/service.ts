import type { TaskMetrics } from "../authoring/context.ts";
import type { Dag } from "../authoring/definition.ts";
import { coreError, messageOf } from "../errors.ts";
import type { RunState } from "../lifecycle/states.ts";
import type { Change, Outcome, Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { BackfillRuns } from "./backfill-runs.ts";
import type { Engine } from "./engine.ts";
import type { RequestHandler } from "./requests/service-requests.ts";

/** What a service is given to work with. */
export interface ServiceHost {
  readonly engine: Engine;
  readonly clock: Clock;
  /** To read from. What is to be written goes through the engine. */
  readonly store: Pick<
    Store,
    "backfills" | "dags" | "runs" | "tasks" | "xcoms" | "events" | "logs" | "state" | "settings" | "requests"
  >;
  /** A text as it may leave the process: secrets that tasks were given are `***` in it. */
  mask(text: string): string;
  /** Aborts when the engine closes. */
  readonly signal: AbortSignal;
  /** The DAG as new runs get it; `undefined` when there is none of this id. */
  dag(dagId: string): Dag | undefined;
  /** Stored with the engine's next group. Resolves with its outcome. For what no other function of the engine does. */
  write(change: Change): Promise<Outcome>;
  /**
   * Answers what other processes ask for under this name, which has a dot (`backfill.pause`), by `fileRequest`. The handler is
   * given the request's payload, which it must check, and gives what is told as JSON; what it throws is told with its code. It
   * may be called again for a request whose answer was lost.
   *
   * @throws `REQUEST_NAME_INVALID`, for a name without a dot or with a handler already
   */
  answer(operation: string, handler: RequestHandler): void;
  /** Makes and repeats runs for items of backfills, each in the group in which the item gets it. */
  readonly backfills: BackfillRuns;
  /** Resolves when the run has ended; one that ended before as well. Rejects when it cannot go on, or the engine stops. */
  whenEnded(runNo: number): Promise<{ readonly runNo: number; readonly state: RunState }>;
  /** Measures, as tasks do: `millrace_service_` is put before the names, and the service's name is the label `service`. */
  readonly metrics: TaskMetrics;
  /** Something went wrong that the service goes on after: it is recorded as an event `service.failed`. */
  report(error: unknown): void;
}

/**
 * Something that lives beside the scheduler for as long as an engine works: hot reload, backfills, shared checks.
 * Given to `createEngine({ services })`; started by `engine.start()` in order, stopped by `engine.close()` in reverse.
 */
export interface EngineService {
  /** Shown in messages. */
  readonly name: string;
  /** Resolves when it works. What it throws or rejects with keeps the engine from starting. */
  start(host: ServiceHost): void | Promise<void>;
  /** Resolves when it has let go of everything. Called only after `start` was. */
  stop(): void | Promise<void>;
  /**
   * Looks whether it could do its work, for `millrace doctor`; nothing is started. Resolves with what a person should know,
   * in sentences; rejects with what is wrong.
   */
  check?(options: { readonly signal: AbortSignal }): Promise<readonly string[]>;
}

/** What all services are given. */
type SharedHost = Omit<ServiceHost, "signal" | "report" | "metrics">;

/** What each service is given by its name. */
interface HostOfEach {
  readonly report: (name: string, error: unknown) => void;
  readonly metricsOf: (name: string) => TaskMetrics;
}

/** The services of an engine, from their start to their stop. */
export class Services {
  readonly #services: readonly EngineService[];
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #started: EngineService[] = [];
  readonly #stopping = new AbortController();
  #starting: Promise<void> | undefined;

  /** @param graceMs - how long each may take to start, and to stop */
  constructor(services: readonly EngineService[], clock: Clock, graceMs: number) {
    this.#services = services;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /**
   * Starts them one after the other; a second call waits for the first.
   *
   * @throws `SERVICE_START_FAILED`: those that were started before it are stopped again
   */
  start(host: SharedHost, { report, metricsOf }: HostOfEach): Promise<void> {
    this.#starting ??= this.#start(host, { report, metricsOf });
    return this.#starting;
  }

  async #start(host: SharedHost, { report, metricsOf }: HostOfEach): Promise<void> {
    for (const service of this.#services) {
      if (this.#stopping.signal.aborted) return;
      this.#started.push(service);
      try {
        await this.#inTime(
          () =>
            service.start({
              ...host,
              signal: this.#stopping.signal,
              report: (error) => report(service.name, error),
              metrics: metricsOf(service.name),
            }),
          "start",
        );
      } catch (error) {
        await this.stop(report);
        throw coreError("SERVICE_START_FAILED", { name: service.name, why: messageOf(error) }, { cause: error });
      }
    }
  }

  /** Stops those that were started, the last one first. One that fails or takes too long is reported and left behind. */
  async stop(report: (name: string, error: unknown) => void): Promise<void> {
    this.#stopping.abort();
    for (let service = this.#started.pop(); service; service = this.#started.pop()) {
      const { name } = service;
      try {
        await this.#inTime(() => (service as EngineService).stop(), "stop");
      } catch (error) {
        report(name, error);
      }
    }
  }

  async #inTime(work: () => void | Promise<void>, what: "start" | "stop"): Promise<void> {
    const done = new AbortController();
    const late = this.#clock.sleep(this.#graceMs, done.signal).then(() => {
      if (!done.signal.aborted) throw coreError("SERVICE_LATE", { what, seconds: this.#graceMs / 1_000 });
    });
    late.catch(() => undefined);
    try {
      await Promise.race([Promise.resolve().then(work), late]);
    } finally {
      done.abort();
    }
  }
}
