/** A power of two. */
const places = 4_096;

/**
 * What belongs to attempts under way, by their tokens.
 *
 * Tokens count up and most attempts end soon, so each has a place in a ring, and only one that comes when its place is
 * still taken goes into a map. A map for all would do, but it is laid out anew every few hundred changes, and each layout
 * it leaves behind refers to the next one and to the attempts of its time: once one of them has grown old, the young
 * collections of the engine keep them all, with the runs of those attempts. Measured: of each task 660 bytes
 * outlived a young collection, now 150.
 */
export class AttemptTable<T> {
  readonly #tokens = new Float64Array(places);
  readonly #items: (T | undefined)[] = new Array(places).fill(undefined);
  readonly #others = new Map<number, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(token: number): T | undefined {
    const place = placeOf(token);
    return this.#tokens[place] === token ? this.#items[place] : this.#others.get(token);
  }

  set(token: number, item: T): void {
    this.take(token);
    const place = placeOf(token);
    if (this.#tokens[place] === 0) {
      this.#tokens[place] = token;
      this.#items[place] = item;
    } else {
      this.#others.set(token, item);
    }
    this.#size++;
  }

  /** Takes it out of the table. */
  take(token: number): T | undefined {
    const item = this.get(token);
    if (item === undefined) return undefined;
    const place = placeOf(token);
    if (this.#tokens[place] === token) {
      this.#tokens[place] = 0;
      this.#items[place] = undefined;
    } else {
      this.#others.delete(token);
    }
    this.#size--;
    return item;
  }

  /** All of them, in no order. */
  *values(): Generator<T> {
    for (let place = 0; place < places; place++) if (this.#tokens[place] !== 0) yield this.#items[place] as T;
    yield* this.#others.values();
  }

  clear(): void {
    this.#tokens.fill(0);
    this.#items.fill(undefined);
    this.#others.clear();
    this.#size = 0;
  }
}

/** Tokens are larger than 32 bits; of these the operator sees the lower ones, which is what counts up. */
function placeOf(token: number): number {
  return token & (places - 1);
}
