import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

/** Rows of one statement. Measured: 16 take half as long as one by one; more gain nothing. */
const rowsAtOnce = 16;

/** Rows on their way into a table, written many at a time: the call of a statement costs as much as the row itself. */
export class RowBatch {
  readonly #columns: number;
  readonly #many: StatementSync;
  readonly #one: StatementSync;
  #values: (number | string | null)[] = [];

  /** @param insert - for example `INSERT INTO` */
  constructor(sql: Statements, insert: string, table: string, columns: readonly string[]) {
    this.#columns = columns.length;
    const head = `${insert} ${table} (${columns.join(", ")}) VALUES`;
    const row = `(${columns.map(() => "?").join(", ")})`;
    this.#many = sql.get(`${head} ${Array(rowsAtOnce).fill(row).join(", ")}`);
    this.#one = sql.get(`${head} ${row}`);
  }

  /** Values of one row, in the order of the columns. */
  add(...values: readonly (number | string | null)[]): void {
    this.#values.push(...values);
    if (this.#values.length < rowsAtOnce * this.#columns) return;
    const full = this.#values;
    this.#values = [];
    this.#many.all(...full);
  }

  /** Writes what waits. */
  flush(): void {
    const rest = this.#values;
    if (rest.length === 0) return;
    this.#values = [];
    for (let at = 0; at < rest.length; at += this.#columns) this.#one.all(...rest.slice(at, at + this.#columns));
  }

  /** Forgets what waits. */
  clear(): void {
    this.#values = [];
  }
}
