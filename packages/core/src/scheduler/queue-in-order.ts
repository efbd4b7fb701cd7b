import { Heap } from "./heap.ts";

/** The line is cut back when so many at its head have left it, and they are the greater part. */
const mostGone = 1_024;

/**
 * Gives items out by `before`, the least first, as a heap does, and costs next to nothing for items that come in that
 * order already: these stand in a line, and only those that come out of turn go through a heap.
 */
export class QueueInOrder<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #others: Heap<T>;
  #line: T[] = [];
  #head = 0;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
    this.#others = new Heap(before);
  }

  get size(): number {
    return this.#line.length - this.#head + this.#others.size;
  }

  push(item: T): void {
    const line = this.#line;
    if (this.#head < line.length && this.#before(item, line[line.length - 1])) this.#others.push(item);
    else line.push(item);
  }

  peek(): T | undefined {
    return this.#isOthersTurn() ? this.#others.peek() : this.#line[this.#head];
  }

  pop(): T | undefined {
    if (this.#isOthersTurn()) return this.#others.pop();
    const line = this.#line;
    if (this.#head === line.length) return undefined;
    const item = line[this.#head++];
    if (this.#head === line.length) {
      line.length = 0;
      this.#head = 0;
    } else if (this.#head > mostGone && this.#head * 2 > line.length) {
      this.#line = line.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #isOthersTurn(): boolean {
    const other = this.#others.peek();
    if (other === undefined) return false;
    return this.#head === this.#line.length || this.#before(other, this.#line[this.#head]);
  }
}
