import { type Clock, systemClock } from "../time/clock.ts";
import { type EngineEvent, type FollowOptions, isWanted } from "./engine-event.ts";
import { type EventStore, StoredEvents } from "./stored-events.ts";

export interface FollowStoreOptions extends FollowOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How long to wait before it looks again. Default 200. */
  readonly pollMs?: number;
  /** Cuts a wait short: resolves when there may be something new, or when the signal aborts. */
  readonly nudge?: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Events of a store that another process writes, read page by page: each once, in the order of their numbers. Begins with
 * everything there is unless `after` says otherwise. Ends when `signal` aborts, or with `untilEnd` when the run has ended.
 *
 * @throws what the store throws when it cannot be read
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createEngine, followStore } from "@millrace/core/engine";
 * import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
 *
 * const database = memoryDatabase(); // or one file, and sqlite({ path }) twice
 * const hello = dag("hello", {}, (d) => {
 *   d.task("name", () => "Ada");
 * });
 * await using engine = await createEngine({ dags: [hello], store: memoryStore({ database }) });
 * const { runNo } = await engine.trigger(hello);
 *
 * const reader = memoryStore({ database });
 * await reader.open("reader");
 * for await (const { kind, taskId } of followStore(reader, { runNo, untilEnd: true })) console.log(kind, taskId ?? "");
 * ```
 */
export async function* followStore(
  store: EventStore,
  options: FollowStoreOptions = {},
): AsyncGenerator<EngineEvent, void, undefined> {
  const { runNo, untilEnd, signal, clock = systemClock, pollMs = 200, nudge } = options;
  const stored = new StoredEvents(store);
  let after = options.after ?? 0;
  while (!signal?.aborted) {
    const page = await stored.page(after, runNo);
    for (const event of page) {
      after = event.seq;
      if (isWanted(options, event)) yield event;
      if (signal?.aborted) return;
    }
    if (page.length > 0) continue;
    if (untilEnd && runNo !== undefined && (await stored.isOver(runNo, after))) return;
    await pause();
  }

  async function pause(): Promise<void> {
    const over = new AbortController();
    const wait = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
    await Promise.race([clock.sleep(pollMs, wait), ...(nudge ? [nudge(wait)] : [])]);
    over.abort();
  }
}
