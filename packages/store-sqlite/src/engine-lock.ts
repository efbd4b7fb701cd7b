import { coreError } from "@millrace/core/plugin";
import { connect, makeFile } from "./database-file.ts";
import type { DatabaseSync } from "./node-sqlite.ts";
import { isBusy, storeError } from "./sqlite-errors.ts";

/**
 * The claim of one engine on a database: an open exclusive transaction on the file beside it (`<path>.lock`), which
 * holds a lock of the operating system. The kernel frees it when the process dies, however it dies; nothing is written,
 * no process id, no time. The file is left in place: removing it would let two engines lock two files of one name.
 */
export class EngineLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Throws `STORE_LOCKED` when another engine has it, in this process or any other. */
  static acquire(path: string): EngineLock {
    const lockPath = `${path}.lock`;
    let db: DatabaseSync | undefined;
    try {
      makeFile(lockPath);
      // Two engines that try at the same time: one of them waits a moment for the other to step back.
      db = connect(lockPath, { timeout: 20 });
      db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new EngineLock(db);
    } catch (error) {
      db?.close();
      throw isBusy(error) ? coreError("STORE_LOCKED", { path }, { cause: error }) : storeError(path, error);
    }
  }

  release(): void {
    this.#db.close();
  }
}
