/** A commit that removes something is to take no longer than this: whatever else is to be written waits for it. */
const longestMs = 20;

/** How much is removed at once: as much as the store manages without holding anybody up. */
export class BatchSize {
  #size: number;
  readonly #most: number;

  constructor({ first, most }: { readonly first: number; readonly most: number }) {
    this.#size = first;
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** The last batch took so long. */
  took(ms: number): void {
    if (ms > longestMs) this.#size = Math.max(1, Math.floor(this.#size / 2));
    else if (ms < longestMs / 2) this.#size = Math.min(this.#most, this.#size * 2);
  }
}
