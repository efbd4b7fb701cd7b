import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../time/clock.ts";
import { type DurationInput, parseDuration } from "../../time/duration.ts";
import { bundleFolder } from "./bundle-folder.ts";
import { readRecordAt, recordFolder } from "./file-record.ts";
import { writerOf } from "./write-file-whole.ts";

export interface CollectBundlesOptions {
  /** The home whose bundles are meant. */
  readonly home: string;
  /** Hashes of bundles that are needed whatever their age: those of every run that has not ended. */
  readonly keep: ReadonlySet<string>;
  /** Younger files stay. Default `"1d"`: somebody may be about to use them. */
  readonly olderThan?: DurationInput;
  /** Only tell what would be removed. Default false. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
}

/** What was removed, or would be. */
export interface CollectedBundles {
  /** Hashes of bundles. */
  readonly bundles: readonly string[];
  /** Files in all: a bundle has what is known about it beside it, and dead processes leave unfinished files. */
  readonly files: number;
  readonly sizeBytes: number;
}

/** An unfinished file of a process that is gone stays this long, in case the process only lives in another container. */
const unfinishedMs = 60_000;

/**
 * Removes bundles that nobody needs: no run named in `keep`, and no DAG file that is there, neither as the file is now nor
 * as it last was in good order. Files that it does not know are left alone.
 *
 * @throws `DURATION_INVALID`
 * @example
 * ```ts
 * import { collectBundles } from "@millrace/core/engine";
 * const { bundles } = collectBundles({ home: ".millrace", keep: new Set(), dryRun: true });
 * console.log(bundles.length); // 0
 * ```
 */
export function collectBundles(options: CollectBundlesOptions): CollectedBundles {
  const { home, keep, olderThan = "1d", dryRun = false, clock = systemClock } = options;
  const leastAgeMs = parseDuration(olderThan);
  const now = clock.now();
  const folder = bundleFolder(home);
  const records = recordsOf(home);
  const needed = new Set([...keep, ...records.flatMap(({ isOrphan, hashes }) => (isOrphan ? [] : hashes))]);
  const gone: { readonly path: string; readonly sizeBytes: number; readonly hash?: string }[] = [];
  const consider = (path: string, ageMs: number, hash?: string): void => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFile() && now - found.mtimeMs >= ageMs) gone.push({ path, sizeBytes: found.size, hash });
  };
  for (const name of namesIn(folder)) {
    const [, hash, ending] = /^([0-9a-f]{64})\.(mjs|json)$/.exec(name) ?? [];
    if (hash !== undefined && !needed.has(hash))
      consider(join(folder, name), leastAgeMs, ending === "mjs" ? hash : undefined);
  }
  for (const { path, isOrphan } of records) if (isOrphan) consider(path, leastAgeMs);
  for (const place of [folder, recordFolder(home)]) {
    for (const name of namesIn(place)) {
      const writer = writerOf(name);
      if (writer !== undefined && !isAlive(writer)) consider(join(place, name), unfinishedMs);
    }
  }
  if (!dryRun) for (const { path } of gone) rmSync(path, { force: true });
  return {
    bundles: gone.flatMap(({ hash }) => hash ?? []),
    files: gone.length,
    sizeBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

interface RecordNeeds {
  readonly path: string;
  /** Its DAG file is gone. */
  readonly isOrphan: boolean;
  readonly hashes: readonly string[];
}

function recordsOf(home: string): RecordNeeds[] {
  const folder = recordFolder(home);
  return namesIn(folder)
    .filter((name) => /^[0-9a-f]{40}\.json$/.test(name))
    .map((name) => {
      const path = join(folder, name);
      const record = readRecordAt(home, path);
      if (record === undefined) return { path, isOrphan: true, hashes: [] };
      return { path, isOrphan: !existsSync(record.path), hashes: [record.hash, ...(record.good ? [record.good] : [])] };
    });
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
