import {
  type Change,
  type Clock,
  isMillraceError,
  type MillraceError,
  messageOf,
  type Outcome,
  type Randomness,
  type ServiceHost,
} from "@millrace/core/plugin";
import { type CircuitBreaker, circuitBreaker } from "@millrace/resilience";
import { notifyError } from "../errors.ts";
import type { NotifyChannel } from "../message.ts";
import { safeLine } from "../text/safe-line.ts";
import { deliver } from "./deliver.ts";
import type { Outbox, Waiting } from "./outbox.ts";

const firstPauseMs = 1_000;
/** Failures in a row after which a channel counts as down, and how long it is then left alone. */
const failuresUntilDown = 3;
const downSeconds = 60;
const longestDownSeconds = 900;

export interface SenderOptions {
  readonly name: string;
  readonly channel: NotifyChannel;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly sendTimeoutMs: number;
  readonly giveUpMs: number;
  write(change: Change): Promise<Outcome>;
  report(error: unknown): void;
  readonly metrics: ServiceHost["metrics"];
}

/** Sends what waits for one channel, one after the other. However long the channel is down, nobody else waits for it. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #breaker: CircuitBreaker;
  #work: Promise<void> = Promise.resolve();
  #failures = 0;
  /** Both are said once, until something was sent. */
  #isDown = false;
  #hasDropped = false;
  readonly #count: (outcome: "sent" | "failed" | "dropped", count?: number) => void;

  constructor(options: SenderOptions) {
    this.#options = options;
    const { name, clock, randomness, metrics } = options;
    const messages = metrics.counter("messages_total", { help: "Messages, by what became of them." });
    this.#count = (outcome, count = 1) => messages.add(count, { channel: name, outcome });
    this.#breaker = circuitBreaker({
      name,
      clock,
      randomness,
      failureThreshold: failuresUntilDown,
      timeoutSeconds: downSeconds,
      timeoutGrowth: 2,
      maxTimeoutSeconds: longestDownSeconds,
      jitter: 0.1,
      // An answer about one message says that the channel works.
      counts: (error) => !isMillraceError(error, "NOTIFY_MESSAGE_REFUSED"),
    });
  }

  /** It has failed, and was not well since. */
  get isTroubled(): boolean {
    return this.#failures > 0;
  }

  start(signal: AbortSignal): void {
    this.#work = this.#run(signal).catch((error: unknown) => {
      // The store takes no more writes: what was not written as sent is sent again by the next engine.
      if (!signal.aborted) this.#options.report(error);
    });
  }

  /** Resolves when nothing of it goes on any more; its signal has to abort first. */
  ended(): Promise<void> {
    return this.#work;
  }

  /** Messages were left out, for this reason: said once until something was sent. */
  leftOut(why: string, count = 1): void {
    this.#count("dropped", count);
    if (this.#hasDropped) return;
    this.#hasDropped = true;
    this.#options.report(notifyError("NOTIFY_MESSAGES_DROPPED", { channel: this.#options.name, why }));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { outbox, clock } = this.#options;
    while (!signal.aborted) {
      await outbox.filled(signal);
      const entry = outbox.first;
      if (signal.aborted || !entry) continue;
      const pauseMs = await this.#attempt(entry, signal);
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    }
  }

  /** Gives how long to wait before the next attempt. */
  async #attempt(entry: Waiting, signal: AbortSignal): Promise<number> {
    const { channel, clock, sendTimeoutMs, giveUpMs, name } = this.#options;
    try {
      await this.#breaker.call((limit) => deliver(channel, entry.message, { signal: limit, clock, sendTimeoutMs }), {
        signal,
      });
    } catch (error) {
      if (signal.aborted) return 0;
      if (isMillraceError(error, "BREAKER_OPEN")) return Number(error.values.retryInSeconds ?? 1) * 1_000;
      this.#count("failed");
      if (isMillraceError(error, "NOTIFY_MESSAGE_REFUSED")) {
        await this.#done(entry);
        this.leftOut(whyOf(error));
        return 0;
      }
      this.#failures++;
      if (this.#breaker.state === "OPEN") this.#tellDown(error);
      if (clock.now() - entry.queuedAt >= giveUpMs) {
        await this.#done(entry);
        this.leftOut(`channel '${name}' has been down for too long`);
      }
      return this.#pauseAfter(error);
    }
    this.#count("sent");
    this.#failures = 0;
    this.#isDown = false;
    this.#hasDropped = false;
    await this.#done(entry);
    return 0;
  }

  /** How many messages wait has changed. */
  measure(): void {
    const { metrics, name, outbox } = this.#options;
    const waiting = metrics.gauge("messages_waiting", { help: "Messages that wait for their channel." });
    waiting.set(outbox.size, { channel: name });
  }

  async #done(entry: Waiting): Promise<void> {
    const { outbox, clock, write } = this.#options;
    const change = outbox.take(entry, clock.now());
    this.measure();
    await write(change);
  }

  #tellDown(error: unknown): void {
    if (this.#isDown) return;
    this.#isDown = true;
    const { name, outbox, report } = this.#options;
    const values = { channel: name, waiting: outbox.size, why: whyOf(error) };
    report(notifyError("NOTIFY_CHANNEL_DOWN", values, { cause: error }));
  }

  /** Doubling, spread over the upper half; at least what the receiver asked for. */
  #pauseAfter(error: unknown): number {
    const base = firstPauseMs * 2 ** Math.min(this.#failures - 1, 6);
    const chance = Number.parseInt(this.#options.randomness.hex(2), 16) / 0x1_00_00;
    const asked = isMillraceError(error) ? Number((error as MillraceError).values.retryAfterSeconds ?? 0) : 0;
    return Math.max(base / 2 + (base / 2) * chance, Number.isFinite(asked) ? asked * 1_000 : 0);
  }
}

/** Why a channel failed: what one of ours says, of others only what they are called, for their text may hold secrets. */
export function whyOf(error: unknown): string {
  if (isMillraceError(error)) return safeLine(messageOf(error), 400);
  return error instanceof Error ? safeLine(`it threw ${error.name}`) : "it threw something that is no error";
}
