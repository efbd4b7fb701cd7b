import { type Clock, type DurationInput, type InstantInput, parseDuration } from "@millrace/core";
import { parseInstant } from "@millrace/core/engine";
import { testingError } from "../errors.ts";

interface Sleeper {
  at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Tells a clock of work that its time knows nothing of: files, sockets, other processes. */
export interface RealWork {
  /**
   * Waits a moment of real time for such work. False when there is nothing to wait for.
   *
   * @param isLastHope - nobody sleeps on the clock any more: only such work can go on
   */
  wait(isLastHope: boolean): Promise<boolean>;
}

/** Turns of the event loop without a look at the clock after which nothing is under way any more. */
const quietTurns = 6;

/** How long after the clock on the wall was set forward those who sleep notice it. */
const noticedMs = 60_000;

/** Steps of one drive after which something goes round in circles. */
const mostSteps = 100_000;

/** A clock that only a test moves. Sleepers wake one after the other, and what each sets going comes to rest before the next. */
export class ManualClock implements Clock {
  #now: number;
  /** By how much the clock on the wall was set. */
  #setBy = 0;
  #order = 0;
  #looks = 0;
  #sleepers: Sleeper[] = [];
  readonly #work: RealWork | undefined;

  /** @param start - milliseconds since the epoch; default: noon of 22 October 2026, in UTC */
  constructor(start = Date.UTC(2026, 9, 22, 12), work?: RealWork) {
    this.#now = start;
    this.#work = work;
  }

  now(): number {
    this.#looks++;
    return this.#now + this.#setBy;
  }

  /** The time that has passed, whatever {@link set} did. */
  monotonic(): number {
    this.#looks++;
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#looks++;
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const over = (): void => {
        signal?.removeEventListener("abort", callOff);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), order: this.#order++, wake: over };
      const callOff = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        over();
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", callOff);
    });
  }

  /**
   * Sets the clock on the wall forward, or back, as people and time servers do. No time passes by that; as with the machine's
   * clock, a sleep of more than a minute that would be over by the new time ends a minute later.
   *
   * @param by - milliseconds; less than 0 sets it back
   */
  set(by: number): void {
    this.#setBy += by;
    const noticedAt = this.#now + noticedMs;
    if (by <= 0) return;
    for (const sleeper of this.#sleepers) if (sleeper.at > noticedAt) sleeper.at = Math.max(noticedAt, sleeper.at - by);
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Lets everything come to rest that needs no time to pass. */
  async settle(): Promise<void> {
    do {
      for (let quiet = 0, looks = this.#looks; quiet < quietTurns; quiet++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (looks === this.#looks) continue;
        looks = this.#looks;
        quiet = 0;
      }
    } while (await this.#work?.wait(false));
  }

  /**
   * Moves time on by milliseconds or a duration, waking everybody who is due on the way.
   *
   * @throws `DURATION_INVALID`
   */
  async advance(by: number | DurationInput): Promise<void> {
    const end = this.#now + (typeof by === "number" ? by : parseDuration(by));
    await this.settle();
    while (this.#wakeNext(end)) await this.settle();
    this.#now = end;
    await this.settle();
  }

  /**
   * Moves time from one sleeper to the next until the promise is settled, and gives what it gives.
   *
   * @param latest - the instant, in milliseconds since the epoch, that time does not pass. Default: none
   * @throws `TEST_CLOCK_STUCK` when nobody sleeps and the promise is still open: it would never end;
   *   `TEST_CLOCK_ENDLESS` when so many have slept that something goes round in circles
   */
  async drive<T>(promise: Promise<T>, latest = Number.POSITIVE_INFINITY): Promise<T> {
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    promise.then(close, close);
    for (let step = 0; ; step++) {
      await this.settle();
      if (!isOpen) return promise;
      if (step > mostSteps) throw testingError("TEST_CLOCK_ENDLESS", { steps: mostSteps });
      if (this.#wakeNext(latest - this.#setBy) || (await this.#work?.wait(true))) continue;
      throw testingError("TEST_CLOCK_STUCK");
    }
  }

  #wakeNext(latest: number): boolean {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > latest) continue;
      if (!next || sleeper.at < next.at || (sleeper.at === next.at && sleeper.order < next.order)) next = sleeper;
    }
    if (!next) return false;
    this.#sleepers = this.#sleepers.filter((other) => other !== next);
    this.#now = Math.max(this.#now, next.at);
    next.wake();
    return true;
  }
}

/**
 * A clock that only the test moves, for anything that takes a `Clock`.
 *
 * @param options - `now`: when its time begins; default: noon of 22 October 2026, in UTC
 * @example
 * ```ts
 * import { manualClock } from "@millrace/testing";
 *
 * const clock = manualClock({ now: "2026-01-01T00:00:00Z" });
 * const awake: string[] = [];
 * void clock.sleep(3_600_000).then(() => awake.push("after an hour"));
 * await clock.advance("59m");
 * console.log(awake.length, clock.sleeping); // 0 1
 * await clock.advance("1m");
 * console.log(awake); // [ 'after an hour' ]
 * ```
 */
export function manualClock(options: { readonly now?: InstantInput } = {}): ManualClock {
  return new ManualClock(options.now === undefined ? undefined : parseInstant(options.now, "UTC"));
}
