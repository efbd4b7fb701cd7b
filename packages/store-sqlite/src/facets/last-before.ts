import type { Statements } from "../statements.ts";

/** Numbers of a table's rows, which are in the order of time: the last one before an instant, found by halving; 0: none. */
export function lastBefore(sql: Statements, table: "events" | "logs", number: "seq" | "log_no", at: number): number {
  const ends = sql.get(
    `SELECT (SELECT min(${number}) FROM ${table}) AS first, (SELECT max(${number}) FROM ${table}) AS last`,
  );
  // Numbers may be missing: the row looked at is the first one from the middle on.
  const look = sql.get(`SELECT ${number} AS number, at FROM ${table} WHERE ${number} >= ? ORDER BY ${number} LIMIT 1`);
  const row = ends.get();
  if (row === undefined || row.first === null) return 0;
  let found = 0;
  let from = Number(row.first);
  let to = Number(row.last);
  while (from <= to) {
    const middle = Math.floor((from + to) / 2);
    const next = look.get(middle);
    if (next !== undefined && Number(next.number) <= to && Number(next.at) < at) {
      found = Number(next.number);
      from = found + 1;
    } else {
      to = middle - 1;
    }
  }
  return found;
}
