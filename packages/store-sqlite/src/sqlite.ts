import type { Store } from "@millrace/core/plugin";
import { parsePath } from "./database-file.ts";
import { parseOptions, type SqliteOptions } from "./options.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { walThresholdBytes } from "./wal-checkpoints.ts";

/**
 * The metadata store on the SQLite inside Node: one file, no server, no native package.
 *
 * @throws `SQLITE_PATH_INVALID` or `SQLITE_OPTION_INVALID` at once; `open` rejects with `STORE_LOCKED`, `STORE_CORRUPT`,
 * `STORE_NEWER`, `STORE_READ_ONLY`, `STORE_FULL` or `STORE_BUSY`.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { sqlite } from "@millrace/store-sqlite";
 *
 * const store = sqlite({ path: `${mkdtempSync("/tmp/millrace-")}/millrace.db` });
 * const { epoch } = await store.open("engine");
 * console.log(store.name, epoch); // sqlite 1
 * await store.close();
 * ```
 */
export function sqlite(options: SqliteOptions): Store {
  const { path, ...rest } = parseOptions(options);
  return new SqliteStore({ path: parsePath(path), ...rest, walThresholdBytes });
}
