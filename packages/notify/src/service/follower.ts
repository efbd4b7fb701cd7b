import type { Change, EngineEvent } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import type { NotifyHost } from "../host.ts";
import { mayBeOccasion } from "../occasions/occasions-of.ts";
import type { NotifySettings } from "../options.ts";
import { emptyLedger, type Ledger, ledgerText, parseLedger } from "./ledger.ts";
import { channelOfKey, Outbox, parseWaiting, type Waiting } from "./outbox.ts";
import { Sender } from "./sender.ts";
import { Teller, type Told } from "./teller.ts";

const ledgerKey = "ledger";
/** Events that are worked in before they are written, and those that may wait for it in memory. */
const batchSize = 100;
const mostPending = 1_000;
/** How much later than the events that concern nobody the place is written that the next engine goes on from. */
const placePauseMs = 60_000;
/** How long messages may take on their way when the engine stops. */
const farewellMs = 3_000;

/** Follows the events of an engine, and has the channels told. */
export class Follower {
  readonly #settings: NotifySettings;
  readonly #host: NotifyHost;
  readonly #ledger: Ledger;
  readonly #teller: Teller;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #senders = new Map<string, Sender>();
  readonly #sending = new AbortController();
  #pending: EngineEvent[] = [];
  /** Number of the last event that was told to us. */
  #seen: number;
  #written: number;
  #isClosing = false;
  #work: Promise<void> = Promise.resolve();
  #wake = (): void => undefined;
  #makeRoom = (): void => undefined;
  /** When the place is written although nothing concerns anybody. */
  #placeDueAt: number | undefined;
  #stopObserving = (): void => undefined;

  /** Reads what an engine before has left, and begins. */
  static async open(settings: NotifySettings, host: NotifyHost): Promise<Follower> {
    const stored = await host.store.state.list(settings.name);
    const text = stored.find(({ key }) => key === ledgerKey)?.value;
    const last = await host.store.events.last();
    let ledger = emptyLedger(last);
    if (text !== undefined) {
      try {
        ledger = parseLedger(text);
      } catch {
        host.report(corrupt(settings, ledgerKey, text));
      }
    }
    const follower = new Follower(settings, host, ledger);
    await follower.#restore(stored.filter(({ key }) => key !== ledgerKey));
    // From here on nothing is missed, also if nothing that concerns anybody happens before the end.
    if (text === undefined) await host.write(follower.#place(host.clock.now()));
    follower.#begin();
    return follower;
  }

  private constructor(settings: NotifySettings, host: NotifyHost, ledger: Ledger) {
    this.#settings = settings;
    this.#host = host;
    this.#ledger = ledger;
    this.#seen = ledger.seq;
    this.#written = ledger.seq;
    this.#teller = new Teller(settings, ledger, host);
    const { clock, metrics } = host;
    const write = (change: Change) => host.write(change);
    const report = (error: unknown): void => host.report(error);
    const { randomness, sendTimeoutMs, giveUpMs, queueLimit } = settings;
    for (const [name, channel] of settings.channels) {
      const outbox = new Outbox({ channel: name, namespace: settings.name, limit: queueLimit });
      this.#outboxes.set(name, outbox);
      const options = { name, channel, outbox, clock, randomness, sendTimeoutMs, giveUpMs, write, report, metrics };
      this.#senders.set(name, new Sender(options));
    }
  }

  /** Tells what is on its way, if that is quick, and writes where the next engine goes on. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#stopObserving();
    this.#makeRoom();
    this.#wake();
    await this.#work;
    await this.#farewell();
    this.#sending.abort();
    await Promise.all([...this.#senders.values()].map((sender) => sender.ended()));
  }

  async #restore(stored: readonly { readonly key: string; readonly value: string }[]): Promise<void> {
    const { clock, write, report } = this.#host;
    const byChannel = new Map<string, Waiting[]>();
    const lost = new Map<string, number>();
    const removals: Promise<unknown>[] = [];
    for (const { key, value } of [...stored].sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const channel = channelOfKey(key);
      if (channel === undefined) continue;
      const remove = (): unknown =>
        removals.push(write({ kind: "putState", namespace: this.#settings.name, key, value: null, at: clock.now() }));
      if (!this.#outboxes.has(channel)) {
        lost.set(channel, (lost.get(channel) ?? 0) + 1);
        remove();
        continue;
      }
      try {
        const waiting = byChannel.get(channel) ?? [];
        waiting.push(parseWaiting(key, value));
        byChannel.set(channel, waiting);
      } catch {
        report(corrupt(this.#settings, key, value));
        remove();
      }
    }
    for (const [channel, count] of lost)
      report(notifyError("NOTIFY_MESSAGES_DROPPED", { channel, why: `there is no such channel any more (${count})` }));
    await Promise.all(removals);
    for (const [channel, waiting] of byChannel) this.#outboxes.get(channel)?.restore(waiting);
  }

  #begin(): void {
    for (const sender of this.#senders.values()) {
      sender.measure();
      sender.start(this.#sending.signal);
    }
    this.#stopObserving = this.#host.engine.observe((event) => this.#listen(event), { after: this.#ledger.seq });
    this.#work = this.#run().catch((error: unknown) => {
      this.#stopObserving();
      this.#pending = [];
      this.#makeRoom();
      // A store that takes no more writes ends the engine: the next one goes on from what is written.
      if (!this.#host.signal.aborted) this.#host.report(error);
    });
  }

  #listen(event: EngineEvent): Promise<void> | undefined {
    this.#seen = event.seq;
    if (!mayBeOccasion(event)) {
      if (this.#placeDueAt === undefined) this.#wake();
      return undefined;
    }
    this.#pending.push(event);
    this.#wake();
    if (this.#pending.length < mostPending) return undefined;
    return new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#host;
    for (;;) {
      if (this.#pending.length > 0) {
        await this.#workIn(this.#pending.splice(0, batchSize));
        this.#placeDueAt = undefined;
        continue;
      }
      const now = clock.now();
      const closesAt = this.#teller.nextClose();
      if (closesAt !== undefined && closesAt <= now) {
        await this.#write(this.#teller.closeWindows(now), now);
        continue;
      }
      const isBehind = this.#seen > this.#written;
      if (isBehind && (this.#isClosing || (this.#placeDueAt ?? Number.POSITIVE_INFINITY) <= now)) {
        await this.#write([], now);
        this.#placeDueAt = undefined;
        continue;
      }
      if (this.#isClosing) return;
      this.#placeDueAt = isBehind ? (this.#placeDueAt ?? now + placePauseMs) : undefined;
      const [close, place] = [closesAt, this.#placeDueAt].map((at) => at ?? Number.POSITIVE_INFINITY);
      await this.#wait(Math.min(close, place) - now);
    }
  }

  async #workIn(batch: readonly EngineEvent[]): Promise<void> {
    const now = this.#host.clock.now();
    const told: Told[] = [];
    for (const event of batch) told.push(...(await this.#teller.take(event, now)));
    await this.#write(told, now, batch.at(-1)?.seq);
    if (this.#pending.length < mostPending / 2) this.#makeRoom();
  }

  /** Messages and the place in the events are written together; only then are they sent. */
  async #write(told: readonly Told[], now: number, upTo?: number): Promise<void> {
    // Events between here and the first that is pending concern nobody.
    this.#ledger.seq = this.#pending.length > 0 ? (upTo ?? this.#ledger.seq) : Math.max(upTo ?? 0, this.#seen);
    const changes: Change[] = [];
    for (const [place, { message, channels }] of told.entries())
      for (const channel of channels) {
        const put = this.#outboxes.get(channel)?.put(message, { order: [this.#ledger.seq, place], now });
        if (!put) continue;
        changes.push(...put.changes);
        if (put.dropped)
          this.#senders.get(channel)?.leftOut(`more than ${this.#settings.queueLimit} messages wait for it`);
      }
    changes.push(this.#place(now));
    const { seq } = this.#ledger;
    await Promise.all(changes.map((change) => this.#host.write(change)));
    this.#written = seq;
    for (const outbox of this.#outboxes.values()) outbox.stored();
    for (const sender of this.#senders.values()) sender.measure();
  }

  #place(at: number): Change {
    return { kind: "putState", namespace: this.#settings.name, key: ledgerKey, value: ledgerText(this.#ledger), at };
  }

  /** Until something comes in, or for so long. */
  async #wait(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (Number.isFinite(ms)) await this.#host.clock.sleep(Math.max(1, ms), woken.signal);
    else await new Promise<void>((resolve) => woken.signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#wake = () => undefined;
  }

  /** Channels that are well may send what they have; nobody waits for those that are not. */
  async #farewell(): Promise<void> {
    const over = new AbortController();
    const empty = [...this.#senders].map(async ([name, sender]) => {
      const outbox = this.#outboxes.get(name);
      if (outbox && !sender.isTroubled) await outbox.emptied(over.signal);
    });
    const late = this.#host.clock.sleep(farewellMs, over.signal);
    await Promise.race([Promise.all(empty), late]);
    over.abort();
  }
}

function corrupt({ name }: NotifySettings, key: string, value: string): Error {
  return notifyError("NOTIFY_STATE_CORRUPT", {
    name,
    key: key.slice(0, 300),
    length: value.length,
    why: "it is not what was written",
  });
}
