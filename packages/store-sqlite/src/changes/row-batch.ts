import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

/** Rows of one statement. Measured: 16 take half as long as one by one; more gain nothing. */
const rowsAtOnce = 16;

/** Rows on their way into a table, written many at a time: the call of a statement costs as much as the row itself. */
export class RowBatch {
  readonly #columns: number;
  readonly #many: StatementSync;
  readonly #one: StatementSync;
  /** Of the rows that wait, one after the other; the array is used again for the next ones. */
  readonly #values: (number | string | null)[];
  #filled = 0;

  /** @param insert - for example `INSERT INTO` */
  constructor(sql: Statements, insert: string, table: string, columns: readonly string[]) {
    this.#columns = columns.length;
    const head = `${insert} ${table} (${columns.join(", ")}) VALUES`;
    const row = `(${columns.map(() => "?").join(", ")})`;
    this.#many = sql.get(`${head} ${Array(rowsAtOnce).fill(row).join(", ")}`);
    this.#one = sql.get(`${head} ${row}`);
    this.#values = Array(rowsAtOnce * columns.length).fill(null);
  }

  /** Values of one row, in the order of the columns. */
  add(...values: readonly (number | string | null)[]): void {
    for (const value of values) this.#values[this.#filled++] = value;
    if (this.#filled < this.#values.length) return;
    this.#many.all(...this.#values);
    this.clear();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#filled === 0) return;
    for (let at = 0; at < this.#filled; at += this.#columns)
      this.#one.all(...this.#values.slice(at, at + this.#columns));
    this.clear();
  }

  /** Forgets what waits; long values are not held until others come in their place. */
  clear(): void {
    this.#values.fill(null);
    this.#filled = 0;
  }
}
