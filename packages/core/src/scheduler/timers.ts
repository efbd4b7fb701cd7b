import type { Clock } from "../time/clock.ts";
import { Heap } from "./heap.ts";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Longest sleep in one piece: a clock that was set forward is noticed after this long. */
const longestSleepMs = 60_000;

/** Everything that waits for an instant, in one heap, with one sleep at a time on the injected clock. */
export class Timers {
  readonly #clock: Clock;
  readonly #entries = new Heap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;
  #sleeping: { readonly until: number; readonly abort: AbortController } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `fire` at that instant (milliseconds); the function returned calls it off. */
  at(at: number, fire: () => void): () => void {
    const entry: Entry = { at, order: this.#order++, fire, cancelled: false };
    this.#entries.push(entry);
    this.#sleep();
    return () => {
      entry.cancelled = true;
    };
  }

  close(): void {
    this.#closed = true;
    this.#sleeping?.abort.abort();
  }

  #sleep(): void {
    while (this.#entries.peek()?.cancelled) this.#entries.pop();
    const first = this.#entries.peek();
    if (!first || this.#closed) return;
    if (this.#sleeping && this.#sleeping.until <= first.at) return;
    this.#sleeping?.abort.abort();
    const abort = new AbortController();
    const now = this.#clock.now();
    const until = Math.min(first.at, now + longestSleepMs);
    this.#sleeping = { until, abort };
    void this.#clock.sleep(Math.max(0, until - now), abort.signal).then(() => {
      if (abort.signal.aborted || this.#closed) return;
      this.#sleeping = undefined;
      this.#fireDue();
      this.#sleep();
    });
  }

  #fireDue(): void {
    const now = this.#clock.now();
    for (
      let first = this.#entries.peek();
      first && (first.cancelled || first.at <= now);
      first = this.#entries.peek()
    ) {
      this.#entries.pop();
      if (!first.cancelled) first.fire();
    }
  }
}
