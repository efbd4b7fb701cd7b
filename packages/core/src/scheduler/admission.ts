import { Heap } from "./heap.ts";
import { QueueInOrder } from "./queue-in-order.ts";

/** A number of things that may be in use at once, and those who wait for one of them. */
export class Limit {
  /** For people: `pool 'warehouse' (4 slots)`. */
  readonly name: string;
  capacity: number;
  used = 0;
  readonly waiting = new Heap<Bucket>(goesFirst);

  constructor(name: string, capacity: number) {
    this.name = name;
    this.capacity = capacity;
  }

  /** Nothing is in use and nobody waits. */
  reset(): void {
    this.used = 0;
    this.waiting.clear();
  }

  hasRoom(slots: number): boolean {
    return this.used + slots <= this.capacity;
  }
}

/** What a DAG has been given so far; DAGs of equal priority take turns by it. */
export interface Share {
  served: number;
}

/** Something that is ready to start. */
export interface Candidate {
  readonly weight: number;
  readonly logicalDate: number;
  readonly mapIndex: number;
  readonly order: number;
  /** Slots of its pool. */
  readonly slots: number;
  /** False once it was cancelled or skipped while it waited; it is dropped then. */
  readonly isReady: boolean;
}

/** Candidates that share all limits and so wait for the same things. */
export interface Bucket {
  readonly share: Share;
  readonly limits: readonly Limit[];
  /** The one limit that counts pool slots instead of tasks. */
  readonly pool: Limit;
  readonly ready: QueueInOrder<Candidate>;
  state: "idle" | "active" | "blocked";
}

/**
 * Decides who starts next. By priority; among equals DAGs take turns, then the earlier logical date, then the smaller map index.
 * A bucket that hits a limit waits at that limit and costs nothing until there is room, so no DAG or pool can fill a window
 * that others need to be seen through.
 */
export class Admission<C extends Candidate> {
  readonly #active = new Heap<Bucket>(goesFirst);
  #turn = 0;

  bucket(share: Share, pool: Limit, others: readonly Limit[]): Bucket {
    return { share, limits: [...others, pool], pool, ready: new QueueInOrder(candidateFirst), state: "idle" };
  }

  /** Forgets every bucket; limits are reset by their owners. */
  reset(): void {
    this.#active.clear();
  }

  add(bucket: Bucket, candidate: C): void {
    bucket.ready.push(candidate);
    if (bucket.state !== "idle") return;
    bucket.share.served = Math.max(bucket.share.served, this.#turn);
    bucket.state = "active";
    this.#active.push(bucket);
  }

  /** Takes the next candidate and what it needs of every limit; `undefined` when nothing can start now. */
  take(): C | undefined {
    for (let bucket = this.#active.pop(); bucket; bucket = this.#active.pop()) {
      const candidate = dropStale(bucket);
      if (!candidate) {
        bucket.state = "idle";
        continue;
      }
      const full = firstFull(bucket, candidate);
      if (full) {
        bucket.state = "blocked";
        full.waiting.push(bucket);
        for (const limit of bucket.limits) if (limit !== full) this.#wakeOne(limit);
        continue;
      }
      bucket.ready.pop();
      for (const limit of bucket.limits) limit.used += limit === bucket.pool ? candidate.slots : 1;
      this.#turn = bucket.share.served++;
      if (bucket.ready.size > 0) this.#active.push(bucket);
      else bucket.state = "idle";
      for (const limit of bucket.limits) this.#wakeOne(limit);
      return candidate as C;
    }
    return undefined;
  }

  /** Gives back what `take` took. */
  release(bucket: Bucket, slots: number): void {
    for (const limit of bucket.limits) {
      limit.used -= limit === bucket.pool ? slots : 1;
      this.#wakeOne(limit);
    }
  }

  /** A limit was raised. */
  wake(limit: Limit): void {
    this.#wakeOne(limit);
  }

  /** The first in the line of a limit with room; it passes the word on when it cannot use it or when room is left. */
  #wakeOne(limit: Limit): void {
    const first = limit.waiting.peek();
    if (!first || limit.used >= limit.capacity) return;
    const candidate = dropStale(first);
    if (candidate && !limit.hasRoom(limit === first.pool ? candidate.slots : 1)) return;
    limit.waiting.pop();
    first.state = "active";
    this.#active.push(first);
  }
}

function firstFull(bucket: Bucket, candidate: Candidate): Limit | undefined {
  for (const limit of bucket.limits) if (!limit.hasRoom(limit === bucket.pool ? candidate.slots : 1)) return limit;
  return undefined;
}

function dropStale(bucket: Bucket): Candidate | undefined {
  for (let first = bucket.ready.peek(); first; first = bucket.ready.peek()) {
    if (first.isReady) return first;
    bucket.ready.pop();
  }
  return undefined;
}

function candidateFirst(a: Candidate, b: Candidate): boolean {
  if (a.weight !== b.weight) return a.weight > b.weight;
  if (a.logicalDate !== b.logicalDate) return a.logicalDate < b.logicalDate;
  if (a.mapIndex !== b.mapIndex) return a.mapIndex < b.mapIndex;
  return a.order < b.order;
}

function goesFirst(a: Bucket, b: Bucket): boolean {
  const [x, y] = [a.ready.peek(), b.ready.peek()];
  if (!x || !y) return y === undefined && x !== undefined;
  if (x.weight !== y.weight) return x.weight > y.weight;
  if (a.share !== b.share && a.share.served !== b.share.served) return a.share.served < b.share.served;
  return candidateFirst(x, y);
}
