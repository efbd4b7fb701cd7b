import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { coreError, type StoreBackup } from "@millrace/core/plugin";
import { connectImmutable, connectReader, inspectFile, makeFile, parsePath } from "./database-file.ts";
import { nodeSqlite } from "./node-sqlite.ts";
import { sqliteError, storeError } from "./sqlite-errors.ts";

/** Options of {@link backup}. */
export interface BackupOptions {
  /** The database file. */
  readonly path: string;
  /** The copy to make, in a folder that exists. A file that is there already is never written over. */
  readonly to: string;
}

/** What {@link backup} made. */
export interface SqliteBackup extends StoreBackup {
  /** Pages of the database that were copied. */
  readonly pages: number;
}

/** More than a file can have, so that all of it is copied in one step: as it was at one moment, whoever writes meanwhile. */
const everyPage = 0x7fff_ffff;

/**
 * Copies a database file while an engine may work on it: the copy has every group that was stored when it began, and no
 * part of any other. It is one file of mode 0600, which appears only when it is whole, read through for damage, and on the
 * disk. The copy has the schema of the original, so that a file can be kept before it is migrated.
 *
 * Reading the copy through holds the event loop for as long as that takes; in a process that does other things too, make
 * backups in a process or a thread of their own.
 *
 * @throws `STORE_MISSING` where there is nothing to copy, `SQLITE_BACKUP_EXISTS`, `SQLITE_PATH_INVALID`, `STORE_FULL`,
 * `STORE_READ_ONLY` (the place of the copy cannot be written), `STORE_CORRUPT` (the original is damaged; no copy is left).
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { backup, sqlite } from "@millrace/store-sqlite";
 *
 * const folder = mkdtempSync("/tmp/millrace-");
 * const store = sqlite({ path: `${folder}/millrace.db` });
 * await store.open("engine");
 * const { location, pages } = await backup({ path: `${folder}/millrace.db`, to: `${folder}/copy.db` });
 * console.log(location.endsWith("/copy.db"), pages > 0); // true true
 * await store.close();
 * ```
 */
export async function backup(options: BackupOptions): Promise<SqliteBackup> {
  const path = parsePath(options.path);
  const to = parsePath(options.to);
  if (inspectFile(path).schema === 0) throw coreError("STORE_MISSING", { path });
  refuseExisting(to);
  let folder: string | undefined;
  try {
    // A folder of its own, because SQLite may need files beside the copy.
    folder = mkdtempSync(`${to}.`);
    const copy = join(folder, "copy");
    makeFile(copy);
    const pages = await copyPages(path, copy);
    refuseDamaged(path, copy);
    flush(copy);
    refuseExisting(to);
    renameSync(copy, to);
    flush(dirname(to));
    return { location: to, sizeBytes: statSync(to).size, pages };
  } catch (error) {
    throw storeError(to, error);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function refuseExisting(to: string): void {
  if (existsSync(to)) throw sqliteError("SQLITE_BACKUP_EXISTS", { path: to });
}

async function copyPages(path: string, copy: string): Promise<number> {
  const module = nodeSqlite();
  if (module === undefined) throw sqliteError("SQLITE_UNAVAILABLE", { version: process.version });
  const db = connectReader(path);
  try {
    return await module.backup(db, copy, { rate: everyPage });
  } finally {
    db.close();
  }
}

/** Damage of the original is found in the copy, which has the same pages. */
function refuseDamaged(path: string, copy: string): void {
  const db = connectImmutable(copy);
  try {
    const line = String(db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check);
    if (line !== "ok") throw coreError("STORE_CORRUPT", { path, why: line });
  } finally {
    db.close();
  }
}

/** Puts a file, or the names in a folder, on the disk. */
function flush(file: string): void {
  const handle = openSync(file, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
