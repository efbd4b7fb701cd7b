import type { Dag } from "../authoring/definition.ts";
import type { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import type { Observers } from "../observe/observers.ts";
import type { RefusedRun } from "../scheduler/asks.ts";
import type { DagBook } from "../scheduler/dag-book.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { SecretReader } from "../secrets/secret-reader.ts";
import type { Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { Randomness } from "../time/random.ts";
import type { XComServices } from "../xcom/accessor.ts";
import type { XComPurger } from "../xcom/xcom-purger.ts";
import type { CatchupSettings } from "./catchup-settings.ts";
import type { ServiceRequests } from "./requests/service-requests.ts";
import type { Services } from "./service.ts";
import type { XComMonitor } from "./xcom-monitor.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly observers: Observers;
  readonly metrics: EngineMetrics;
  readonly xcoms: XComServices;
  /** Those of the XCom backend. */
  readonly parts: { readonly open: () => Promise<void>; readonly close: () => Promise<void> };
  readonly monitor: XComMonitor;
  readonly secrets: SecretReader;
  readonly purger: XComPurger;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Tasks may run in threads, so their DAGs must come from files. */
  readonly mayThread: boolean;
  readonly dags: DagBook;
  readonly services: Services;
  readonly catchup: CatchupSettings;
  /** What services answer. */
  readonly handlers: ServiceRequests;
  /** Pools in the store that tasks may name, checked against a new set of DAGs. */
  checkPools(dags: readonly Dag[]): void;
}

/** With `dryRun: true` nothing is changed: the answer tells what would be. */
export interface DryRun {
  readonly dryRun?: boolean;
}

export interface StartOptions {
  /** `false` leaves the runs of former engines as they are, for an engine that comes later. Default true. */
  readonly adopt?: boolean;
  /** `false`: no run is made because it is due. Default: as `adopt`. */
  readonly schedule?: boolean;
}

/** What `engine.start` found. */
export interface EngineStart {
  /** Runs that go on. */
  readonly adopted: number;
  readonly refused: readonly RefusedRun[];
}
