import { coreError, shown } from "../errors.ts";
import type { LiveRun } from "../scheduler/live-run.ts";
import type { Change, Outcome } from "../store/contract.ts";
import { eventOf } from "../store/events-of.ts";
import type { Clock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { EngineEvent, EngineListener, ObserveOptions } from "./engine-event.ts";
import type { EngineMetrics } from "./metrics/engine-metrics.ts";
import { type EventStore, StoredEvents } from "./stored-events.ts";
import { type EventFeed, type ListenerFault, Subscription, type SubscriptionOptions } from "./subscription.ts";

/** How long the promise of a listener keeps the next event from it. */
const listenerPatienceMs = 30_000;

/** Those who listen to the engine. What a listener does wrong concerns that listener alone; the engine waits for none. */
export class Observers implements EventFeed {
  head: number;
  /** Listeners that threw or rejected, and those that took too long; how often. */
  errors = 0;
  timeouts = 0;
  readonly clock: Clock;
  readonly stored: StoredEvents;
  readonly #metrics: EngineMetrics;
  readonly #subscriptions = new Set<Subscription>();
  readonly #runs = new Map<number, LiveRun>();
  #ended: number[] = [];

  /** @param head - number of the newest event of the store */
  constructor(store: EventStore, clock: Clock, metrics: EngineMetrics, head: number) {
    this.#metrics = metrics;
    this.head = head;
    this.stored = new StoredEvents(store);
    this.clock = clock;
  }

  /** Calls the listener with every event that is wanted, until the function returned is called. */
  add(listener: EngineListener, wanted: ObserveOptions = {}): () => void {
    let hasFailed = false;
    const onFault = (fault: ListenerFault): void => {
      this.#count(fault);
      if (!hasFailed) warnOf(fault);
      hasFailed = true;
    };
    return this.subscribe({ listener, wanted, listenerPatienceMs, onFault });
  }

  subscribe(options: SubscriptionOptions): () => void {
    const { after } = options.wanted;
    if (after !== undefined && !(Number.isSafeInteger(after) && after >= 0))
      throw coreError("SETTING_INVALID", {
        setting: "'after'",
        value: shown(after),
        expected: "the number of an event is needed, or 0 for everything there is",
      });
    const subscription = new Subscription(this, {
      ...options,
      onEnd: (error) => {
        this.#subscriptions.delete(subscription);
        options.onEnd?.(error);
      },
    });
    this.#subscriptions.add(subscription);
    return () => subscription.end();
  }

  /** Names for the numbers in the changes of a run come from here. */
  know(run: LiveRun): void {
    this.#runs.set(run.row.runNo, run);
    this.#metrics.know(run);
  }

  /** The run has ended; its names are needed for one more group. */
  forget(runNo: number): void {
    this.#ended.push(runNo);
  }

  /** Tells what a stored group recorded, in its order. */
  emit(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    this.#metrics.stored(changes, outcomes);
    const isWatched = this.#subscriptions.size > 0;
    for (let place = 0; place < outcomes.length; place++) {
      const outcome = outcomes[place];
      const seq = "eventSeq" in outcome ? outcome.eventSeq : 0;
      if (seq === 0) continue;
      this.head = seq;
      if (!isWatched) continue;
      const event = this.#name(changes[place], outcome, seq);
      if (event) for (const subscription of this.#subscriptions) subscription.take(event);
    }
    for (const runNo of this.#ended) {
      this.#runs.delete(runNo);
      this.#metrics.forget(runNo);
    }
    this.#ended = [];
  }

  /** A group failed: it may be stored all the same, and then nobody has been told. */
  mayHaveMissed(): void {
    for (const subscription of this.#subscriptions) subscription.catchUp();
  }

  /** Nobody is told anything any more. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.end();
  }

  #count(fault: ListenerFault): void {
    if (fault === "late") this.timeouts++;
    else this.errors++;
  }

  #name(change: Change, outcome: Outcome, seq: number): EngineEvent | undefined {
    const backfill = outcome.status === "done" ? outcome.backfill : undefined;
    const event = eventOf(change, backfill?.backfillId);
    if (!event) return undefined;
    const runNo = outcome.status === "created" ? outcome.runNo : event.runNo;
    const run = runNo === null ? undefined : this.#runs.get(runNo);
    const at = "at" in change ? change.at : change.kind === "appendEvent" ? change.event.at : 0;
    return {
      seq,
      at,
      kind: event.kind,
      ...("dagId" in change ? { dagId: change.dagId } : {}),
      ...(outcome.status === "backfillCreated" ? { dagId: outcome.dagId } : backfill ? { dagId: backfill.dagId } : {}),
      ...(change.kind === "appendEvent" && change.event.dagId !== null ? { dagId: change.event.dagId } : {}),
      ...(run ? { dagId: run.row.dagId, runId: run.row.runId } : {}),
      ...(runNo === null ? {} : { runNo }),
      ...(run && event.taskInstanceNo !== null ? run.nameOf(event.taskInstanceNo) : {}),
      ...(event.attempt === null ? {} : { attempt: event.attempt }),
      ...(event.data === null ? {} : { data: JSON.parse(event.data) as unknown }),
    };
  }
}

/** Said once for each listener; what it threw may hold anything and is not repeated. */
function warnOf(fault: ListenerFault): void {
  const what = {
    threw: "threw or rejected",
    late: `returned a promise that did not settle within ${formatDuration(listenerPatienceMs)}`,
    unreadable: "has missed events that cannot be read back",
  }[fault];
  const error = coreError("LISTENER_FAILED", { what });
  process.emitWarning(`${error.message}. ${error.cure}`, { type: "MillraceWarning", code: error.code });
}
