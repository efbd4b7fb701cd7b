import { readdirSync } from "node:fs";
import { isMillraceError, type MillraceError } from "../../errors.ts";
import { bundleFolder, readBundle } from "./bundle-folder.ts";

/** What a look at the bundles of a home found. It runs nothing and changes nothing. */
export interface BundleInspection {
  /** How many are there. */
  readonly count: number;
  /** `BUNDLE_CORRUPT`, and `BUNDLE_MISSING` for those that are needed and not there. */
  readonly problems: readonly MillraceError[];
}

/**
 * Reads every bundle of a home for damage.
 *
 * @param needed - hashes of bundles that have to be there: those of runs that have not ended
 * @example
 * ```ts
 * import { inspectBundles } from "@millrace/core/engine";
 * console.log(inspectBundles("/nowhere", [])); // { count: 0, problems: [] }
 * ```
 */
export function inspectBundles(home: string, needed: Iterable<string>): BundleInspection {
  const there = hashesIn(bundleFolder(home));
  const problems: MillraceError[] = [];
  for (const hash of new Set([...there, ...needed])) {
    try {
      readBundle(home, hash);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      problems.push(error);
    }
  }
  return { count: there.length, problems };
}

function hashesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => /^([0-9a-f]{64})\.mjs$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
