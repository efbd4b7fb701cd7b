import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { coreError, shown } from "@millrace/core/plugin";
import { migrations } from "./migrations.ts";
import { type DatabaseSync, nodeSqlite } from "./node-sqlite.ts";
import { isForbidden, sqliteError, storeError } from "./sqlite-errors.ts";

/** Marks a database as ours ("MILR"), so that the file of another program is never taken over. */
export const applicationId = 0x4d494c52;

/** The version of the schema that this package writes and reads. */
export const knownSchema = migrations.at(-1)?.version ?? 0;

/**
 * How long SQLite itself waits for a lock. The event loop stands still for so long, so it is short;
 * longer waits are made of several of these with pauses of the clock in between.
 */
const busyTimeoutMs = 5;

const smallestPageBytes = 512;

/** The absolute path, or an error for what names no file. */
export function parsePath(path: unknown): string {
  const bad =
    typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:") || path.includes("\0");
  if (bad) throw sqliteError("SQLITE_PATH_INVALID", { path: shown(path) });
  return resolve(path);
}

/** Makes the folder (0700) and an empty file (0600) where there is none. SQLite gives its companions the mode of the file. */
export function makeFile(path: string): void {
  makeFolder(dirname(path));
  // A file that exists is not touched: closing it would drop the locks that this process may hold on it.
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path)) throw error;
  }
}

/** Folder by folder: Node's own recursion never ends in file systems that know no folders to make, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** What stands at a path, found out without changing anything there. `schema` is 0 for a new database. */
export function inspectFile(path: string): { readonly exists: boolean; readonly schema: number } {
  let size: number;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw coreError("STORE_CORRUPT", { path, why: "it is not a file" });
    size = stat.size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { exists: false, schema: 0 };
    throw storeError(path, error);
  }
  const hasLog = logBytes(path) > 0;
  if (size === 0 && !hasLog) return { exists: true, schema: 0 };
  // SQLite would take so little for a new database, and write over it.
  if (size < smallestPageBytes && !hasLog)
    throw coreError("STORE_CORRUPT", { path, why: "it is too short for a database" });
  let db: DatabaseSync | undefined;
  try {
    // Without a write-ahead log nothing but the file counts, and reading it so leaves no trace.
    db = hasLog ? connect(path, { readOnly: true }) : connectImmutable(path);
    const number = (pragma: string) => Number(Object.values(db?.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
    const schema = number("user_version");
    const tables = Number(db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count);
    if (tables === 0 && schema === 0) return { exists: true, schema: 0 };
    if (number("application_id") !== applicationId) {
      throw coreError("STORE_CORRUPT", { path, why: "it is the database of another program" });
    }
    return { exists: true, schema };
  } catch (error) {
    // Somebody began to write in between: look again, with all that counts.
    if (!hasLog && logBytes(path) > 0) return inspectFile(path);
    throw storeError(path, error);
  } finally {
    db?.close();
  }
}

function logBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** Refuses a schema that this package does not know yet. */
export function refuseNewer(path: string, schema: number): void {
  if (schema > knownSchema) throw coreError("STORE_NEWER", { path, found: schema, known: knownSchema });
}

/** A connection to a file, which is made when it is not there and `readOnly` is not set. */
export function connect(
  path: string | URL,
  options: { readonly readOnly?: boolean; readonly timeout?: number } = {},
): DatabaseSync {
  const module = nodeSqlite();
  if (module === undefined) throw sqliteError("SQLITE_UNAVAILABLE", { version: process.version });
  // References are guarded by the one writer, and looked over by the check.
  return new module.DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false, ...options });
}

/** A connection that writes. */
export function connectWriter(path: string): DatabaseSync {
  const db = connect(path);
  try {
    // Checkpoints are made beside the event loop; the log is cut back to its usual size after each.
    db.exec(
      "PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY",
    );
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A connection that only reads, beside whoever writes. It may tidy up, so that it leaves no log behind when it is the
 * last to close; where it may not (another user's file, a medium that cannot be written), it leaves all as it is.
 */
export function connectReader(path: string): DatabaseSync {
  try {
    return asReader(connect(path));
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  try {
    return asReader(connect(path, { readOnly: true }));
  } catch (error) {
    if (!isForbidden(error) || logBytes(path) > 0) throw error;
  }
  return asReader(connectImmutable(path));
}

function asReader(db: DatabaseSync): DatabaseSync {
  try {
    db.exec("PRAGMA query_only = ON; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY");
    // The first look at the file shows whether this way of reading is allowed.
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection to a file that nobody changes meanwhile: no locks, no companions, nothing written. */
export function connectImmutable(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return connect(url, { readOnly: true });
}
