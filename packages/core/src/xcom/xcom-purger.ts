import { coreError } from "../errors.ts";
import type { XComRow } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import { leadOf } from "./collector/placed-refs.ts";
import type { CollectablePlace } from "./collector/stored-streams.ts";
import { measured, type OnOperation } from "./operation.ts";
import { during } from "./part-work.ts";
import type { XComAddress, XComPlace } from "./parts.ts";

/** Removed by one call of a place. */
const batchSize = 500;
/** More than so many are left to the collector: a place that hangs must not fill the memory. */
const mostWaiting = 100_000;

interface PurgerOptions {
  readonly places: readonly XComPlace[];
  /** Streams that stay in the store: they go with rows that are known, but no row is read for them. */
  readonly streams: CollectablePlace;
  readonly clock: Clock;
  /** How long one call of a place may take. */
  readonly timeoutMs: number;
  readonly onOperation: OnOperation;
}

/**
 * Removes what XComs have kept outside of the store, once the commit that removed them is stored. What it does not manage is
 * measured as a failure and left to the collector: nothing waits for it, and nothing fails with it.
 */
export class XComPurger {
  /** False if no place is there: then nobody need know what rows led to. */
  readonly isNeeded: boolean;
  readonly #options: PurgerOptions;
  readonly #closing = new AbortController();
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(options: PurgerOptions) {
    this.#options = options;
    this.isNeeded = options.places.length > 0;
  }

  /** These rows of a run are no more. */
  add({ dagId, runId }: Pick<XComAddress, "dagId" | "runId">, rows: readonly XComRow[]): void {
    const { places, streams } = this.#options;
    for (const place of [...places, streams]) {
      const leads = rows.flatMap((row) => {
        const lead = leadOf(place, row);
        return lead === undefined || lead === "unclear" ? [] : [{ row, ref: lead.ref }];
      });
      for (let at = 0; at < leads.length && this.#waiting < mostWaiting; at += batchSize) {
        const batch = leads.slice(at, at + batchSize);
        const { taskId, mapIndex, key } = batch[0].row;
        const refs = batch.map(({ ref }) => ref);
        this.#waiting += refs.length;
        this.#work = this.#work.then(async () => {
          await this.#remove(place, refs, { dagId, runId, taskId, mapIndex, key });
          this.#waiting -= refs.length;
        });
      }
    }
  }

  /** Resolves when what was added is gone, or so much time has passed; what is left then is the collector's. */
  async close(graceMs: number): Promise<void> {
    const done = new AbortController();
    void this.#options.clock.sleep(graceMs, done.signal).then(() => this.#closing.abort());
    await this.#work;
    done.abort();
  }

  /** Never rejects. */
  async #remove(place: CollectablePlace, refs: readonly string[], address: XComAddress): Promise<void> {
    const { clock, timeoutMs, onOperation } = this.#options;
    if (this.#closing.signal.aborted) return;
    const over = new AbortController();
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, stop.signal]);
    // Also when the engine does not wait any longer.
    const late = clock.sleep(timeoutMs, AbortSignal.any([over.signal, this.#closing.signal])).then((): never => {
      const { key, taskId } = address;
      const error = coreError("XCOM_TIMEOUT", { key, taskId, what: "removed", timeout: formatDuration(timeoutMs) });
      stop.abort(error);
      throw error;
    });
    late.catch(() => undefined);
    const work = { address, call: { signal } };
    const remove = () => during(place, "remove", work, () => Promise.race([place.remove(refs, work.call), late]));
    const about = { part: place.name, operation: "remove", address } as const;
    await measured(onOperation, about, 0, remove, () => 0).catch(() => undefined);
    over.abort();
  }
}
