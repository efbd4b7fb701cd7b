import { isMillraceError } from "../errors.ts";
import { mayPass } from "../store/patient-reads.ts";
import type { Clock } from "../time/clock.ts";
import { turn } from "../time/turn.ts";
import { type EngineEvent, type EngineListener, isWanted, type ObserveOptions } from "./engine-event.ts";
import type { StoredEvents } from "./stored-events.ts";

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** What went wrong with a listener. */
export type ListenerFault = "threw" | "late" | "unreadable";

/** What a subscription needs of the engine. */
export interface EventFeed {
  /** Number of the last event that was told, at first of the last one that was stored before. */
  readonly head: number;
  readonly stored: StoredEvents;
  readonly clock: Clock;
}

export interface SubscriptionOptions {
  readonly listener: EngineListener;
  readonly wanted: ObserveOptions;
  /** How long the promise of a listener is waited for; `undefined`: as long as it takes. */
  readonly listenerPatienceMs: number | undefined;
  readonly onFault: (fault: ListenerFault) => void;
  /** Called once, when nothing comes any more. With an error: the store cannot be read. */
  readonly onEnd?: (error?: unknown) => void;
}

/**
 * One who is told events: each once, in the order of their numbers, none left out.
 *
 * It is told live as long as each event follows the one before. Whenever that breaks (it begins in the past, a listener takes
 * its time, the answer of a commit was lost), it reads on from the store, where all events are, until it has caught up.
 * So nothing is kept for the slow but a number.
 */
export class Subscription {
  readonly #feed: EventFeed;
  readonly #options: SubscriptionOptions;
  readonly #ended = new AbortController();
  /** Number of the last event that it was told, or could have been. */
  #cursor: number;
  #isReading = false;
  /** There may be more than what is being read. */
  #readsAgain = false;

  constructor(feed: EventFeed, options: SubscriptionOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#cursor = options.wanted.after ?? feed.head;
    if (options.wanted.after !== undefined) this.catchUp();
  }

  /** An event that was stored just now. */
  take(event: EngineEvent): void {
    if (this.#isReading || this.#ended.signal.aborted) return;
    if (event.seq <= this.#cursor) return;
    if (event.seq > this.#cursor + 1) return this.catchUp();
    this.#cursor = event.seq;
    const answer = this.#tell(event);
    if (answer) this.#read(answer);
  }

  /** Reads on from the store: not everything may have been told. */
  catchUp(): void {
    this.#readsAgain = true;
    if (!this.#isReading) this.#read();
  }

  end(error?: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#options.onEnd?.(error);
  }

  #read(first?: PromiseLike<unknown>): void {
    this.#isReading = true;
    void this.#readOn(first).catch((error: unknown) => {
      // A store that was closed has nothing more to tell; anything else is said.
      if (isMillraceError(error, "STORE_CLOSED")) return this.end();
      this.#options.onFault("unreadable");
      this.end(error);
    });
  }

  async #readOn(first: PromiseLike<unknown> | undefined): Promise<void> {
    if (first) await this.#settled(first);
    while (!this.#ended.signal.aborted) {
      this.#readsAgain = false;
      const { head } = this.#feed;
      const page = await this.#page();
      for (const event of page) {
        if (this.#ended.signal.aborted) return;
        this.#cursor = event.seq;
        const answer = this.#tell(event);
        if (answer) await this.#settled(answer);
      }
      if (page.length > 0) {
        // A store in memory answers at once: others have their turn between two pages.
        await turn();
        continue;
      }
      this.#cursor = Math.max(this.#cursor, head);
      if (this.#readsAgain || this.#feed.head > this.#cursor) continue;
      // From here on it is live; no event can come between the look at the head and this.
      this.#isReading = false;
      return;
    }
  }

  async #page(): Promise<readonly EngineEvent[]> {
    const { stored, clock } = this.#feed;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await stored.page(this.#cursor, this.#options.wanted.runNo);
      } catch (error) {
        if (!mayPass(error)) throw error;
        await clock.sleep(pauseMs, this.#ended.signal);
        if (this.#ended.signal.aborted) return [];
      }
    }
  }

  /** Gives the promise that the next event has to wait for, if any. */
  #tell(event: EngineEvent): PromiseLike<unknown> | undefined {
    const { wanted, listener, onFault } = this.#options;
    if (!isWanted(wanted, event)) return undefined;
    try {
      const answer = listener(event);
      if (typeof answer === "object" && answer !== null && "then" in answer && typeof answer.then === "function")
        return answer as PromiseLike<unknown>;
    } catch {
      onFault("threw");
    }
    return undefined;
  }

  async #settled(answer: PromiseLike<unknown>): Promise<void> {
    const { listenerPatienceMs, onFault } = this.#options;
    const done = Promise.resolve(answer).then(
      () => undefined,
      () => onFault("threw"),
    );
    if (listenerPatienceMs === undefined) return done;
    const over = new AbortController();
    const wait = AbortSignal.any([over.signal, this.#ended.signal]);
    const late = this.#feed.clock.sleep(listenerPatienceMs, wait).then(() => wait.aborted || onFault("late"));
    await Promise.race([done, late]);
    over.abort();
  }
}
