import type { DatabaseSync, StatementSync } from "./node-sqlite.ts";

/** The statements of one connection, each prepared at its first use and kept. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  /** Every statement used so far. */
  texts(): readonly string[] {
    return [...this.#prepared.keys()];
  }
}

/** Keeps what was made for each list of states; the list asked for last, which is mostly the next one, is found first. */
export function byStates<T>(make: (sqlList: string, states: readonly string[]) => T): (states: readonly string[]) => T {
  const known = new Map<string, T>();
  let lastStates: readonly string[] | undefined;
  let last: T;
  return (states) => {
    if (lastStates !== undefined && sameList(lastStates, states)) return last;
    const list = states.length === 0 ? "NULL" : states.map((state) => `'${state.replaceAll("'", "''")}'`).join(", ");
    if (!known.has(list)) known.set(list, make(list, states));
    last = known.get(list) as T;
    lastStates = [...states];
    return last;
  };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
