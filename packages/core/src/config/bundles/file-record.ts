import { lstatSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { bundleFolder, keepFile, realHome } from "./bundle-folder.ts";
import { bundleFormat, hashOf } from "./bundle-text.ts";
import type { Inputs } from "./inputs.ts";

/** What is remembered of a DAG file between two loads. */
export interface FileRecord {
  /** Absolute path of the DAG file. */
  readonly path: string;
  /** The bundle that {@link inputs} gave. */
  readonly hash: string;
  readonly inputs: Inputs;
  /** The last bundle of this file that gave DAGs. */
  readonly good: string | undefined;
}

interface StoredRecord {
  readonly v: number;
  readonly path: string;
  readonly hash: string;
  readonly inputs: Readonly<Record<string, string | null>>;
  readonly areOpen: boolean;
  readonly good: string | null;
}

const mostRecordBytes = 4 * 1024 * 1024;

/** The folder of the records of a home. */
export function recordFolder(home: string): string {
  return join(bundleFolder(home), "files");
}

/** What is remembered of a DAG file. A record that cannot be read is as good as none: everything in it can be found out again. */
export function readRecord(home: string, path: string): FileRecord | undefined {
  const record = readRecordAt(home, recordPath(home, path));
  return record?.path === path ? record : undefined;
}

/** The record in a file, wherever its DAG file is. */
export function readRecordAt(home: string, at: string): FileRecord | undefined {
  const base = realHome(home);
  try {
    const found = lstatSync(at);
    if (!found.isFile() || found.size > mostRecordBytes) return undefined;
    const stored = JSON.parse(readFileSync(at, "utf8")) as StoredRecord;
    if (stored.v !== bundleFormat || !isHash(stored.hash)) return undefined;
    const absolute = (name: string): string => resolve(base, name) + (name.endsWith("/") ? "/" : "");
    return {
      path: absolute(stored.path),
      hash: stored.hash,
      inputs: {
        hashes: new Map(Object.entries(stored.inputs).map(([name, hash]) => [absolute(name), hash])),
        areOpen: stored.areOpen,
      },
      good: isHash(stored.good) ? stored.good : undefined,
    };
  } catch {
    return undefined;
  }
}

/**
 * Remembers a DAG file.
 *
 * @throws `BUNDLE_NOT_KEPT`
 */
export async function keepRecord(home: string, record: FileRecord): Promise<void> {
  const base = realHome(home);
  const short = (path: string): string => relative(base, path) + (path.endsWith("/") ? "/" : "");
  const stored: StoredRecord = {
    v: bundleFormat,
    path: short(record.path),
    hash: record.hash,
    inputs: Object.fromEntries([...record.inputs.hashes].map(([path, hash]) => [short(path), hash])),
    areOpen: record.inputs.areOpen,
    good: record.good ?? null,
  };
  await keepFile(home, record.path, recordPath(home, record.path), JSON.stringify(stored));
}

function recordPath(home: string, path: string): string {
  return join(recordFolder(home), `${hashOf(relative(realHome(home), path)).slice(0, 40)}.json`);
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
