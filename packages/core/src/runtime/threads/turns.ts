/** So many at a time; the rest wait for their turn in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Resolves when it is the caller's turn, which is to be given back however it goes; an abort is a turn too. */
  take(signal: AbortSignal): Promise<void> | void {
    if (this.#free > 0 || signal.aborted) {
      this.#free--;
      return;
    }
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        signal.removeEventListener("abort", go);
        this.#free--;
        resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener("abort", go, { once: true });
    });
  }

  giveBack(): void {
    this.#free++;
    if (this.#free <= 0) return;
    const [next] = this.#waiting;
    next?.();
  }
}
