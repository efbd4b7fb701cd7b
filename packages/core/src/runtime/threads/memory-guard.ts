import type { Worker } from "node:worker_threads";
import type { Meter } from "../../time/meter.ts";

const lookMs = 50;
const bytesPerMb = 1_048_576;

/**
 * Looks now and then how much memory threads use, heap and buffers, and has those ended that use too much. V8's own limit
 * knows no buffers, and when it is met by one large allocation, a map that grows for instance, it ends the whole process:
 * it is set far above this one. A thread answers in the middle of whatever it is doing.
 */
export class MemoryGuard {
  readonly #threads: () => readonly Pick<Worker, "threadId" | "getHeapStatistics">[];
  readonly #limitBytes: number;
  readonly #meter: Pick<Meter, "every">;
  readonly #watched = new Map<number, () => void>();
  #stopLooking: (() => void) | undefined;

  constructor(
    threads: () => readonly Pick<Worker, "threadId" | "getHeapStatistics">[],
    limitMb: number,
    meter: Pick<Meter, "every">,
  ) {
    this.#threads = threads;
    this.#limitBytes = limitMb * bytesPerMb;
    this.#meter = meter;
  }

  /** Heap in megabytes at which V8 shall stop a thread in case nobody has looked for too long. */
  static heapLimitMb(limitMb: number): number {
    return 2 * limitMb + 1_024;
  }

  /** Calls `onExceeded` once if the thread uses more than it may, until the function returned is called. */
  watch(threadId: number, onExceeded: () => void): () => void {
    this.#watched.set(threadId, onExceeded);
    this.#stopLooking ??= this.#meter.every(lookMs, () => this.#look());
    return () => {
      if (this.#watched.get(threadId) === onExceeded) this.#watched.delete(threadId);
    };
  }

  #look(): void {
    if (this.#watched.size === 0) {
      this.#stopLooking?.();
      this.#stopLooking = undefined;
      return;
    }
    for (const thread of this.#threads()) if (this.#watched.has(thread.threadId)) void this.#lookAt(thread);
  }

  async #lookAt(thread: Pick<Worker, "threadId" | "getHeapStatistics">): Promise<void> {
    // It knows its number no more once it has ended.
    const { threadId } = thread;
    const onExceeded = this.#watched.get(threadId);
    // A thread that has just ended does not answer.
    const statistics = await thread.getHeapStatistics().catch(() => undefined);
    if (!statistics || this.#watched.get(threadId) !== onExceeded) return;
    if (statistics.used_heap_size + statistics.external_memory <= this.#limitBytes) return;
    this.#watched.delete(threadId);
    onExceeded?.();
  }
}
