import { existsSync, statSync } from "node:fs";
import { coreError, type MillraceError, type StoreInspection } from "@millrace/core/plugin";
import { connectReader, inspectFile, knownSchema, parsePath, refuseNewer } from "./database-file.ts";
import { storeError } from "./sqlite-errors.ts";

/** Options of {@link check}. */
export interface CheckOptions {
  readonly path: string;
  /** Also reads the whole file for damage, which takes time in proportion to it. Default true. */
  readonly deep?: boolean;
}

/**
 * Looks over a database file: its schema and, in depth, its structure and its references. Changes nothing, and may be
 * used while an engine works on the file. What is wrong is reported, not thrown.
 *
 * @throws `SQLITE_PATH_INVALID` for what names no file.
 */
export async function check(options: CheckOptions): Promise<StoreInspection> {
  const path = parsePath(options.path);
  const problems: MillraceError[] = [];
  let found = { exists: existsSync(path), schema: 0 };
  try {
    found = inspectFile(path);
    refuseNewer(path, found.schema);
    if (found.schema > 0 && (options.deep ?? true)) problems.push(...damageOf(path));
  } catch (error) {
    problems.push(storeError(path, error));
  }
  return {
    location: path,
    path,
    exists: found.exists,
    schema: { found: found.schema === 0 ? null : found.schema, known: knownSchema },
    sizeBytes: sizeOf(path) + sizeOf(`${path}-wal`),
    problems,
  };
}

function damageOf(path: string): readonly MillraceError[] {
  const db = connectReader(path);
  try {
    const lines = db.prepare("PRAGMA integrity_check").all();
    const damage = lines.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    for (const { table, rowid, parent } of db.prepare("PRAGMA foreign_key_check").all()) {
      damage.push(`row ${rowid ?? "without number"} of ${table} refers to a row of ${parent} that is not there`);
    }
    return damage.map((why) => coreError("STORE_CORRUPT", { path, why }));
  } finally {
    db.close();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
