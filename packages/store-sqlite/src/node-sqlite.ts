import type * as NodeSqlite from "node:sqlite";

export type { DatabaseSync, StatementSync } from "node:sqlite";

let loaded: typeof NodeSqlite | undefined;

/**
 * The SQLite inside Node, loaded at first use and without the note that some versions of Node print about it;
 * `undefined` where Node has none.
 */
export function nodeSqlite(): typeof NodeSqlite | undefined {
  loaded ??= load();
  return loaded;
}

function load(): typeof NodeSqlite | undefined {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule?.("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
