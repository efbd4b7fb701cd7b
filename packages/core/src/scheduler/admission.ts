import { BucketQueue, candidateFirst, goesFirst } from "./bucket-queue.ts";
import { QueueInOrder } from "./queue-in-order.ts";

/** A number of things that may be in use at once, and those who wait for one of them. */
export class Limit {
  /** For people: `pool 'warehouse' (4 slots)`. */
  readonly name: string;
  capacity: number;
  used = 0;
  readonly waiting = new BucketQueue();
  /** Those who ask for more than there is in all. */
  readonly parked: Bucket[] = [];

  constructor(name: string, capacity: number) {
    this.name = name;
    this.capacity = capacity;
  }

  /** Nothing is in use and nobody waits. */
  reset(): void {
    this.used = 0;
    this.waiting.clear();
    this.parked.length = 0;
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
  /** False once it was cancelled or skipped while it waited; it is dropped then. */
  readonly isReady: boolean;
}

/** Candidates that share all limits, take as many slots, and so wait for the same things. */
export interface Bucket {
  readonly share: Share;
  readonly limits: readonly Limit[];
  /** The one limit that counts pool slots instead of tasks. */
  readonly pool: Limit;
  /** Slots of the pool that each of its candidates takes. */
  readonly slots: number;
  readonly ready: QueueInOrder<Candidate>;
  state: "idle" | "active" | "blocked" | "parked";
  /** The limit that it waits for. */
  waitsFor: Limit | undefined;
  /** Its rank as the queue keeps it: the best candidate, and how often its DAG had been served then. */
  best: Candidate | undefined;
  servedThen: number;
  place: number;
}

/**
 * Decides who starts next. By priority; among equals DAGs take turns, then the earlier logical date, then the smaller map index.
 * A bucket that hits a limit waits at that limit and costs nothing until there is room, so no DAG or pool can fill a window
 * that others need to be seen through. Nobody of lower rank passes one who waits for several slots of a pool.
 */
export class Admission<C extends Candidate> {
  readonly #active = new BucketQueue();
  #turn = 0;
  readonly #passOn = (bucket: Bucket): void => {
    for (const limit of bucket.limits) this.#wakeOne(limit);
  };

  bucket(share: Share, pool: Limit, slots: number, others: readonly Limit[]): Bucket {
    const ready = new QueueInOrder(candidateFirst);
    const rank = { waitsFor: undefined, best: undefined, servedThen: 0, place: 0 };
    return { share, limits: [...others, pool], pool, slots, ready, state: "idle", ...rank };
  }

  /** Forgets every bucket; limits are reset by their owners. */
  reset(): void {
    this.#active.clear();
  }

  add(bucket: Bucket, candidate: C): void {
    bucket.ready.push(candidate);
    if (bucket.state === "active") return this.#active.lift(bucket, candidate);
    if (bucket.state === "idle") return this.#activate(bucket);
    if (bucket.state !== "blocked") return;
    const limit = bucket.waitsFor as Limit;
    limit.waiting.lift(bucket, candidate);
    this.#wakeOne(limit);
  }

  /** One of the bucket's candidates is not ready any more: it may have been what others waited behind. */
  left(bucket: Bucket): void {
    if (bucket.state === "blocked") this.#wakeOne(bucket.waitsFor as Limit);
  }

  /** Takes the next candidate and what it needs of every limit; `undefined` when nothing can start now. */
  take(): C | undefined {
    for (let bucket = this.#active.first(this.#passOn); bucket; bucket = this.#active.first(this.#passOn)) {
      this.#active.shift();
      const full = this.#fullFor(bucket);
      if (full) {
        this.#waitFor(full, bucket);
        this.#passOn(bucket);
        continue;
      }
      const candidate = bucket.ready.pop() as C;
      const { share } = bucket;
      for (const limit of bucket.limits) limit.used += slotsOf(bucket, limit);
      // A DAG that had to wait has no claim to what others were given meanwhile.
      share.served = Math.max(share.served, this.#turn) + 1;
      this.#turn = share.served - 1;
      if (bucket.ready.size > 0) this.#active.push(bucket);
      else bucket.state = "idle";
      this.#passOn(bucket);
      return candidate;
    }
    return undefined;
  }

  /** Takes what a candidate of the bucket needs, for one that runs already. */
  occupy(bucket: Bucket): void {
    for (const limit of bucket.limits) limit.used += slotsOf(bucket, limit);
  }

  /** Gives back what `take` took. */
  release(bucket: Bucket): void {
    for (const limit of bucket.limits) limit.used -= slotsOf(bucket, limit);
    this.#passOn(bucket);
  }

  /** A limit was changed. */
  wake(limit: Limit): void {
    for (const bucket of limit.parked.splice(0)) this.#activate(bucket);
    this.#wakeOne(limit);
  }

  #activate(bucket: Bucket): void {
    bucket.share.served = Math.max(bucket.share.served, this.#turn);
    bucket.state = "active";
    this.#active.push(bucket);
  }

  /** The first limit that keeps the bucket from starting: it has no room, or one of higher rank waits for it. */
  #fullFor(bucket: Bucket): Limit | undefined {
    for (const limit of bucket.limits) {
      if (!limit.hasRoom(slotsOf(bucket, limit))) return limit;
      const first = limit.waiting.size > 0 ? limit.waiting.first() : undefined;
      if (first && goesFirst(first, bucket)) return limit;
    }
    return undefined;
  }

  #waitFor(limit: Limit, bucket: Bucket): void {
    if (slotsOf(bucket, limit) > limit.capacity) {
      bucket.state = "parked";
      limit.parked.push(bucket);
      return;
    }
    bucket.state = "blocked";
    bucket.waitsFor = limit;
    limit.waiting.push(bucket);
  }

  /** The first in the line of a limit with room; it passes the word on when it cannot use it or when room is left. */
  #wakeOne(limit: Limit): void {
    if (limit.used >= limit.capacity || limit.waiting.size === 0) return;
    const first = limit.waiting.first();
    if (!first || !limit.hasRoom(slotsOf(first, limit))) return;
    limit.waiting.shift();
    first.state = "active";
    this.#active.push(first);
  }
}

/** What a candidate of the bucket takes of a limit. */
export function slotsOf(bucket: Bucket, limit: Limit): number {
  return limit === bucket.pool ? bucket.slots : 1;
}
