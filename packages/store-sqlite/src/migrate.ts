import type { StoreMigration } from "@millrace/core/plugin";
import {
  applicationId,
  connectWriter,
  inspectFile,
  knownSchema,
  makeFile,
  parsePath,
  refuseNewer,
} from "./database-file.ts";
import { EngineLock } from "./engine-lock.ts";
import { migrations } from "./migrations.ts";
import type { DatabaseSync } from "./node-sqlite.ts";
import { storeError } from "./sqlite-errors.ts";

/** What {@link migrate} found and did. */
export interface SqliteMigration extends StoreMigration {
  /** The migration files that were applied, in order. */
  readonly applied: readonly string[];
}

/** Applies the migrations that a database lacks, each in a transaction of its own. */
export function applyMigrations(db: DatabaseSync, from: number): readonly string[] {
  const applied: string[] = [];
  for (const { version, file, sql } of migrations) {
    if (version <= from) continue;
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(sql);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
    applied.push(file);
  }
  return applied;
}

/**
 * Brings a database file to the schema of this version of the package, and makes it when there is none. An engine does
 * the same when it opens the file; this is for doing it at another time. No engine may be running on it.
 *
 * @throws `STORE_LOCKED`, `STORE_NEWER`, `STORE_CORRUPT` (the file is left as it was), `STORE_READ_ONLY`, `STORE_FULL`.
 */
export async function migrate(options: { readonly path: string }): Promise<SqliteMigration> {
  const path = parsePath(options.path);
  const lock = EngineLock.acquire(path);
  try {
    const { schema } = inspectFile(path);
    refuseNewer(path, schema);
    makeFile(path);
    const db = connectWriter(path);
    try {
      const applied = applyMigrations(db, schema);
      return { location: path, from: schema === 0 ? null : schema, to: knownSchema, applied };
    } finally {
      db.close();
    }
  } catch (error) {
    throw storeError(path, error);
  } finally {
    lock.release();
  }
}
