import type { Change } from "@millrace/core/plugin";
import type { NotifyMessage } from "../message.ts";

/** A message that waits for its channel. */
export interface Waiting {
  /** Its key in the store; those of a channel sort in the order of what happened. */
  readonly key: string;
  readonly message: NotifyMessage;
  readonly queuedAt: number;
}

/** What waits for one channel, in memory and in the store. The first one may be on its way. */
export class Outbox {
  readonly #channel: string;
  readonly #namespace: string;
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #wake = (): void => undefined;
  #tellEmpty = (): void => undefined;

  constructor({ channel, namespace, limit }: { channel: string; namespace: string; limit: number }) {
    this.#channel = channel;
    this.#namespace = namespace;
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** What was stored by an engine before. */
  restore(stored: readonly Waiting[]): void {
    this.#waiting.push(...stored);
    this.#wake();
  }

  /**
   * Puts a message behind the others. Past the limit the oldest that is not on its way is left out, and the one after it says so.
   *
   * @param order - the number of the event, then the place among its messages
   * @returns what has to be written; `dropped`: something was left out
   */
  put(
    message: NotifyMessage,
    { order, now }: { readonly order: readonly [seq: number, place: number]; readonly now: number },
  ): { readonly changes: readonly Change[]; readonly dropped: boolean } {
    const key = `${prefixOf(this.#channel)}${String(order[0]).padStart(16, "0")}-${String(order[1]).padStart(6, "0")}`;
    const entry: Waiting = { key, message, queuedAt: now };
    const changes = [this.#written(entry, now)];
    const known = this.#waiting.findIndex((other) => other.key === key);
    if (known >= 0) this.#waiting[known] = entry;
    else this.#waiting.push(entry);
    if (this.#waiting.length <= this.#limit + 1) return { changes, dropped: false };
    const [dropped] = this.#waiting.splice(1, 1);
    const next = this.#waiting[1];
    const omitted = (next.message.omitted ?? 0) + (dropped.message.omitted ?? 0) + 1;
    this.#waiting[1] = { ...next, message: { ...next.message, omitted } };
    return {
      changes: [...changes, this.removed(dropped, now), this.#written(this.#waiting[1], now)],
      dropped: true,
    };
  }

  /** It was sent, or given up. Gives what has to be written. */
  take(entry: Waiting, now: number): Change {
    const at = this.#waiting.findIndex(({ key }) => key === entry.key);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#waiting.length === 0) this.#tellEmpty();
    return this.removed(entry, now);
  }

  /** Resolves when something waits, or the signal aborts. */
  filled(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        this.#wake = () => undefined;
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }

  /** Resolves when nothing waits any more, or the signal aborts. */
  emptied(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#tellEmpty = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** What was put is stored now: it may be sent. */
  stored(): void {
    if (this.#waiting.length > 0) this.#wake();
  }

  removed({ key }: Waiting, at: number): Change {
    return { kind: "putState", namespace: this.#namespace, key, value: null, at };
  }

  #written({ key, message, queuedAt }: Waiting, at: number): Change {
    const value = JSON.stringify({ v: 1, queuedAt, message });
    return { kind: "putState", namespace: this.#namespace, key, value, at };
  }
}

const prefix = "out/";

function prefixOf(channel: string): string {
  return `${prefix}${channel}/`;
}

/** The channel that a key of the store belongs to; `undefined` for keys of something else. */
export function channelOfKey(key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length, key.lastIndexOf("/")) : undefined;
}

/** @throws what is wrong with it */
export function parseWaiting(key: string, stored: string): Waiting {
  const { v, queuedAt, message } = JSON.parse(stored) as { v: unknown; queuedAt: unknown; message: NotifyMessage };
  const isMessage =
    v === 1 &&
    Number.isSafeInteger(queuedAt) &&
    typeof message?.id === "string" &&
    typeof message.kind === "string" &&
    typeof message.title === "string" &&
    Array.isArray(message.facts);
  if (!isMessage) throw new Error("it is no message");
  return { key, message, queuedAt: queuedAt as number };
}
