import type { Clock } from "../time/clock.ts";
import { Heap } from "./heap.ts";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Everything that waits for an instant, in one heap, with one sleep at a time on the injected clock. */
export class Timers {
  readonly #clock: Clock;
  readonly #entries = new Heap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;
  /** Called off, but still in the heap. */
  #cancelled = 0;
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
      if (entry.cancelled) return;
      entry.cancelled = true;
      this.#cancelled++;
      this.#sweep();
    };
  }

  close(): void {
    this.#closed = true;
    this.#sleeping?.abort.abort();
  }

  #sleep(): void {
    while (this.#entries.peek()?.cancelled) this.#pop();
    const first = this.#entries.peek();
    if (!first || this.#closed) return;
    if (this.#sleeping && this.#sleeping.until <= first.at) return;
    this.#sleeping?.abort.abort();
    const abort = new AbortController();
    this.#sleeping = { until: first.at, abort };
    void this.#clock.sleep(Math.max(0, first.at - this.#clock.now()), abort.signal).then(() => {
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
      this.#pop();
      if (first.cancelled) continue;
      // It is over: calling it off later must not count.
      first.cancelled = true;
      first.fire();
    }
  }

  #pop(): void {
    if (this.#entries.pop()?.cancelled) this.#cancelled--;
  }

  /** Timeouts of tasks that ended in time would stay until their instant: they go when they are the greater part. */
  #sweep(): void {
    if (this.#cancelled < 1_000 || this.#cancelled * 2 < this.#entries.size) return;
    this.#entries.retain((entry) => !entry.cancelled);
    this.#cancelled = 0;
  }
}
