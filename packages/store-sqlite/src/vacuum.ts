import { existsSync, statSync } from "node:fs";
import { coreError, type StoreVacuum } from "@millrace/core/plugin";
import { connectWriter, inspectFile, parsePath, refuseNewer } from "./database-file.ts";
import { EngineLock } from "./engine-lock.ts";
import { storeError } from "./sqlite-errors.ts";

/** Options of {@link vacuum}. */
export interface VacuumOptions {
  /** The database file. */
  readonly path: string;
  /** How long other programs that use the file are waited for, in milliseconds. Default 10,000. */
  readonly busyLimitMs?: number;
}

/**
 * Writes a database file anew, so that it is as large as what is in it: what was removed leaves room inside the file, which
 * later rows use, but the file itself does not shrink. No engine may be running on it; readers may have it open, but not in
 * the middle of a reading for longer than `busyLimitMs`.
 *
 * While it works it needs as much room as what is left takes, twice: in the folder for temporary files (the environment
 * variable `SQLITE_TMPDIR` names another one) and beside the file. It holds the event loop for as long as it takes, some
 * seconds for each gigabyte. If it fails, or its process dies, everything is as it was.
 *
 * @throws `STORE_LOCKED` (an engine works on the file), `STORE_MISSING`, `STORE_BUSY`, `STORE_FULL`, `STORE_NEWER`,
 * `STORE_CORRUPT`, `STORE_READ_ONLY`, `SQLITE_PATH_INVALID`.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { sqlite, vacuum } from "@millrace/store-sqlite";
 *
 * const path = `${mkdtempSync("/tmp/millrace-")}/millrace.db`;
 * const store = sqlite({ path });
 * await store.open("engine");
 * const at = Date.now();
 * await store.commit([{ kind: "putSetting", key: "k", value: "x".repeat(1_000_000), at }]);
 * await store.commit([{ kind: "putSetting", key: "k", value: null, at }]);
 * await store.close();
 * const { sizeBeforeBytes, sizeBytes } = await vacuum({ path });
 * console.log(sizeBeforeBytes > 1_000_000, sizeBytes < 500_000); // true true
 * ```
 */
export async function vacuum(options: VacuumOptions): Promise<StoreVacuum> {
  const path = parsePath(options.path);
  const { busyLimitMs = 10_000 } = options;
  const { schema } = inspectFile(path);
  refuseNewer(path, schema);
  if (schema === 0) throw coreError("STORE_MISSING", { path });
  const lock = EngineLock.acquire(path);
  try {
    const sizeBeforeBytes = sizeOf(path);
    rewrite(path, busyLimitMs);
    return { location: path, sizeBeforeBytes, sizeBytes: sizeOf(path) };
  } catch (error) {
    throw storeError(path, error);
  } finally {
    lock.release();
  }
}

function rewrite(path: string, busyLimitMs: number): void {
  const db = connectWriter(path);
  try {
    // The copy that SQLite makes on the way may be larger than the memory.
    db.exec(`PRAGMA temp_store = FILE; PRAGMA busy_timeout = ${Math.max(Math.floor(busyLimitMs), 0)}; VACUUM`);
    // The file is rewritten in the log first; it shrinks when that is moved into it.
    const moved = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    if (moved?.busy !== 0) throw coreError("STORE_BUSY", { path, waitedMs: busyLimitMs });
  } finally {
    db.close();
  }
}

/** What it takes on the disk. */
function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
}
