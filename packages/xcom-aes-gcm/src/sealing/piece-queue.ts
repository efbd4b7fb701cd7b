import type { XComPieces } from "@millrace/core/plugin";

/** Pieces of a stream, taken in other sizes than they come in. Nothing is copied. */
export class PieceQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  #first: Uint8Array = new Uint8Array(0);
  #hasEnded = false;

  constructor(source: XComPieces) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes, so many at most; fewer only at the end. */
  async take(sizeBytes: number): Promise<Uint8Array[]> {
    const taken: Uint8Array[] = [];
    for (let missing = sizeBytes; missing > 0 && !(await this.isEmpty()); ) {
      const piece = this.#first.subarray(0, missing);
      this.#first = this.#first.subarray(piece.length);
      missing -= piece.length;
      taken.push(piece);
    }
    return taken;
  }

  /** True when nothing is left. Waits for the next piece to know. */
  async isEmpty(): Promise<boolean> {
    while (this.#first.length === 0 && !this.#hasEnded) {
      const { done, value } = await this.#source.next();
      if (done) this.#hasEnded = true;
      else this.#first = value;
    }
    return this.#first.length === 0;
  }

  /** Tells the source that nobody wants the rest. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#source.return?.();
  }
}
