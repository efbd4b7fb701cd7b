import type { Statements } from "../statements.ts";

/** Runs a query on the store's connection; waits when the file is busy, rejects when the store is closed. */
export type Read = <T>(query: (sql: Statements) => T) => Promise<T>;

/** The rows that a list may hand out at once. */
export function capped(limit: number): number {
  return Math.min(Math.max(Math.floor(limit), 0), 10_000);
}

/** A copy with an ordinary prototype; rows of SQLite have none. Columns are named as the row type has them. */
export function rowOf<T>(row: unknown): T | undefined {
  return row === undefined ? undefined : ({ ...(row as object) } as T);
}

export function rowsOf<T>(rows: readonly unknown[]): T[] {
  return rows.map((row) => ({ ...(row as object) }) as T);
}

/**
 * Reads a text column that people may have put any character into. Some versions of Node end a text at its first NUL,
 * so that one with a NUL is read as bytes and made text by {@link textOf}.
 */
export function anyText(column: string, name: string): string {
  return `iif(instr(CAST(${column} AS BLOB), x'00') > 0, CAST(${column} AS BLOB), ${column}) AS ${name}`;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : Buffer.from(value as Uint8Array).toString("utf8");
}
