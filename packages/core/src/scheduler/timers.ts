import { type Clock, monotonicOf } from "../time/clock.ts";
import { Heap } from "./heap.ts";

interface Entry {
  /** An instant of the wall's clock; `undefined` for a time that is to pass. */
  readonly at: number | undefined;
  /** A reading of the monotonic clock. */
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
  /** It was called off, or it has fired. */
  isOver: boolean;
}

/** An instant that the wall's clock keeps from coming, because it was set back, comes so much later than it would have. */
const slackMs = 1_000;

/**
 * Everything that waits, with one sleep at a time on the injected clock. What waits for an instant goes by the clock on the
 * wall; if that is set back, it goes as soon as the time has passed that there was until the instant. What waits for time to
 * pass goes by that alone.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #byWall = new Heap<Entry>((a, b) => isBefore(a.at as number, b.at as number, a, b));
  readonly #byPassing = new Heap<Entry>((a, b) => isBefore(a.due, b.due, a, b));
  #order = 0;
  /** Over, but perhaps still in a heap. */
  #over = 0;
  #sleeping: { readonly until: number; readonly abort: AbortController } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `fire` at that instant (milliseconds since the epoch); the function returned calls it off. */
  at(at: number, fire: () => void): () => void {
    const due = monotonicOf(this.#clock) + Math.max(0, at - this.#clock.now()) + slackMs;
    return this.#add({ at, due, order: this.#order++, fire, isOver: false });
  }

  /** Calls `fire` at that reading of the monotonic clock; the function returned calls it off. */
  due(due: number, fire: () => void): () => void {
    return this.#add({ at: undefined, due, order: this.#order++, fire, isOver: false });
  }

  close(): void {
    this.#closed = true;
    this.#sleeping?.abort.abort();
  }

  #add(entry: Entry): () => void {
    if (entry.at !== undefined) this.#byWall.push(entry);
    this.#byPassing.push(entry);
    this.#sleep();
    return () => {
      if (entry.isOver) return;
      entry.isOver = true;
      this.#over++;
      this.#sweep();
    };
  }

  /** One sleep, until what comes first by either clock. */
  #sleep(): void {
    const wall = firstOf(this.#byWall);
    const passing = firstOf(this.#byPassing);
    if (!passing || this.#closed) return;
    const reading = monotonicOf(this.#clock);
    const untilWall = wall ? (wall.at as number) - this.#clock.now() : Number.POSITIVE_INFINITY;
    const ms = Math.max(0, Math.min(untilWall, passing.due - reading));
    const until = reading + ms;
    if (this.#sleeping && this.#sleeping.until <= until) return;
    this.#sleeping?.abort.abort();
    const abort = new AbortController();
    this.#sleeping = { until, abort };
    void this.#clock.sleep(ms, abort.signal).then(() => {
      if (abort.signal.aborted || this.#closed) return;
      this.#sleeping = undefined;
      this.#fireDue();
      this.#sleep();
    });
  }

  #fireDue(): void {
    const now = this.#clock.now();
    const reading = monotonicOf(this.#clock);
    for (;;) {
      const wall = firstOf(this.#byWall);
      const passing = firstOf(this.#byPassing);
      if (passing && passing.due <= reading) this.#fire(passing);
      else if (wall && (wall.at as number) <= now) this.#fire(wall);
      else return;
    }
  }

  #fire(entry: Entry): void {
    entry.isOver = true;
    this.#over++;
    this.#sweep();
    entry.fire();
  }

  /** Timeouts of tasks that ended in time would stay until their instant: they go when they are the greater part. */
  #sweep(): void {
    if (this.#over < 1_000 || this.#over * 2 < this.#byPassing.size) return;
    for (const heap of [this.#byWall, this.#byPassing]) heap.retain((entry) => !entry.isOver);
    this.#over = 0;
  }
}

function isBefore(a: number, b: number, one: Entry, other: Entry): boolean {
  return a < b || (a === b && one.order < other.order);
}

/** The first entry that is not over; those before it are let go. */
function firstOf(heap: Heap<Entry>): Entry | undefined {
  while (heap.peek()?.isOver) heap.pop();
  return heap.peek();
}
