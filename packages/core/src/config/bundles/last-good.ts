import { realpathSync } from "node:fs";
import { type Bundle, readBundle } from "./bundle-folder.ts";
import { type FileRecord, keepRecord, readRecord } from "./file-record.ts";

/** Remembers that the bundle of a file gave DAGs. Where nothing can be written, nothing is remembered. */
export async function rememberGood(home: string, record: FileRecord): Promise<void> {
  if (record.good === record.hash) return;
  await keepRecord(home, { ...record, good: record.hash }).catch(() => undefined);
}

/** The last bundle of a file that gave DAGs, if there is one and it is whole. */
export function lastGoodBundle(home: string, file: string): Bundle | undefined {
  try {
    const good = readRecord(home, realpathSync(file))?.good;
    return good === undefined ? undefined : readBundle(home, good);
  } catch {
    return undefined;
  }
}
