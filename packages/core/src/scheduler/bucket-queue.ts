import type { Bucket, Candidate } from "./admission.ts";

/**
 * Buckets in the order in which they go first. A bucket's rank may change while it stands here: a better candidate lifts
 * it at once; what makes it worse (its best candidate left, its DAG was served) is noticed when it comes to the front.
 * So ranks kept here are never worse than the true ones, and what the front gives is truly first.
 */
export class BucketQueue {
  readonly #items: Bucket[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(bucket: Bucket): void {
    setRank(bucket);
    this.#items.push(bucket);
    this.#up(this.#items.length - 1);
  }

  /** One of its members was given this candidate. */
  lift(bucket: Bucket, candidate: Candidate): void {
    if (bucket.best && !candidateFirst(candidate, bucket.best)) return;
    bucket.best = candidate;
    this.#up(bucket.place);
  }

  /**
   * The bucket that goes first, with somebody ready.
   *
   * @param onWorse - called with buckets that turn out to rank lower than was kept, or to have nobody: these have left
   */
  first(onWorse?: (bucket: Bucket) => void): Bucket | undefined {
    for (let bucket = this.#items[0]; bucket; bucket = this.#items[0]) {
      const best = dropStale(bucket);
      if (!best) {
        this.shift();
        bucket.state = "idle";
        onWorse?.(bucket);
      } else if (best === bucket.best && bucket.share.served === bucket.servedThen) {
        return bucket;
      } else {
        setRank(bucket);
        this.#down(0);
        onWorse?.(bucket);
      }
    }
    return undefined;
  }

  /** Takes out the bucket at the front. */
  shift(): void {
    const last = this.#items.pop();
    if (!last || this.#items.length === 0) return;
    this.#items[0] = last;
    last.place = 0;
    this.#down(0);
  }

  clear(): void {
    this.#items.length = 0;
  }

  #up(from: number): void {
    const items = this.#items;
    const bucket = items[from];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!goesFirst(bucket, items[parent])) break;
      items[place] = items[parent];
      items[place].place = place;
      place = parent;
    }
    items[place] = bucket;
    bucket.place = place;
  }

  #down(from: number): void {
    const items = this.#items;
    const bucket = items[from];
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && goesFirst(items[child + 1], items[child])) child++;
      if (!goesFirst(items[child], bucket)) break;
      items[place] = items[child];
      items[place].place = place;
      place = child;
    }
    items[place] = bucket;
    bucket.place = place;
  }
}

/** By the ranks kept. Those of two buckets at the front of their queues are the true ones. */
export function goesFirst(a: Bucket, b: Bucket): boolean {
  const [x, y] = [a.best, b.best];
  if (!x || !y) return y === undefined && x !== undefined;
  if (x.weight !== y.weight) return x.weight > y.weight;
  if (a.servedThen !== b.servedThen) return a.servedThen < b.servedThen;
  return candidateFirst(x, y);
}

export function candidateFirst(a: Candidate, b: Candidate): boolean {
  if (a.weight !== b.weight) return a.weight > b.weight;
  if (a.logicalDate !== b.logicalDate) return a.logicalDate < b.logicalDate;
  if (a.mapIndex !== b.mapIndex) return a.mapIndex < b.mapIndex;
  return a.order < b.order;
}

function setRank(bucket: Bucket): void {
  bucket.best = dropStale(bucket);
  bucket.servedThen = bucket.share.served;
}

/** The bucket's best candidate; those who are not ready any more leave. */
function dropStale(bucket: Bucket): Candidate | undefined {
  for (let first = bucket.ready.peek(); first; first = bucket.ready.peek()) {
    if (first.isReady) return first;
    bucket.ready.pop();
  }
  return undefined;
}
