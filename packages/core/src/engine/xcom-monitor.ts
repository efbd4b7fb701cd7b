import type { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import type { Change, Outcome, Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import type { OnOperation } from "../xcom/operation.ts";
import { XComTotals } from "../xcom/xcom-totals.ts";

const writeEveryMs = 30_000;

/** What an engine makes of what the parts of its XCom backend do: metrics, totals in the store, and what the host makes of it. */
export class XComMonitor {
  readonly #totals: XComTotals;
  readonly #closing = new AbortController();
  readonly #clock: Clock;
  readonly #store: Store;
  readonly onOperation: OnOperation;

  constructor(services: {
    readonly store: Store;
    readonly clock: Clock;
    readonly metrics: EngineMetrics;
    /** With the engine's next group. */
    readonly write: (change: Change) => Promise<Outcome>;
    readonly onOperation: OnOperation | undefined;
  }) {
    const { store, clock, metrics, write, onOperation } = services;
    this.#clock = clock;
    this.#store = store;
    this.#totals = new XComTotals(store.state, () => void this.#writeSoon(write));
    this.onOperation = (operation) => {
      metrics.xcomOperation(operation);
      this.#totals.add(operation);
      try {
        onOperation?.(operation);
      } catch {
        // Whoever looks on must not harm the task.
      }
    };
  }

  /** Writes what is left. Nothing depends on these numbers, so a store that cannot be written now goes without. */
  async close(): Promise<void> {
    this.#closing.abort();
    try {
      const last = await this.#totals.drain(this.#clock.now());
      if (last.length > 0) await this.#store.commit(last);
    } catch {
      // The engine is closed all the same.
    }
  }

  async #writeSoon(write: (change: Change) => Promise<Outcome>): Promise<void> {
    const { signal } = this.#closing;
    await this.#clock.sleep(writeEveryMs, signal);
    if (signal.aborted) return;
    const changes = await this.#totals.drain(this.#clock.now()).catch(() => []);
    for (const change of changes) write(change).catch(() => this.#totals.restore([change.key]));
  }
}
