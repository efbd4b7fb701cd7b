import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleFolder, keepFile } from "./bundle-folder.ts";
import { bundleFormat, checkHash } from "./bundle-text.ts";

/** What was found out about a bundle when it was loaded for the first time, apart from everything else. */
export interface BundleFacts {
  readonly v: number;
  /** The DAG file, as it was named then. For people: the bundle itself knows where it belongs. */
  readonly path: string;
  readonly dagIds: readonly string[];
  /** What it was made of. */
  readonly inputs: readonly string[];
  readonly node: string;
  readonly createdAt: string;
}

const mostFactsBytes = 4 * 1024 * 1024;

/** Where the facts about a bundle are kept: beside it. */
export function factsPath(home: string, hash: string): string {
  return join(bundleFolder(home), `${checkHash(hash)}.json`);
}

/** True if a bundle has been loaded well before. */
export function wasProbed(home: string, hash: string): boolean {
  try {
    const at = factsPath(home, hash);
    const found = lstatSync(at);
    if (!found.isFile() || found.size > mostFactsBytes) return false;
    const facts = JSON.parse(readFileSync(at, "utf8")) as Partial<BundleFacts> | null;
    return facts?.v === bundleFormat && Array.isArray(facts.dagIds);
  } catch {
    return false;
  }
}

/**
 * Remembers that a bundle was loaded well.
 *
 * @throws `BUNDLE_NOT_KEPT`
 */
export async function keepFacts(home: string, hash: string, facts: Omit<BundleFacts, "v" | "node">): Promise<void> {
  const whole: BundleFacts = { v: bundleFormat, ...facts, node: process.version };
  await keepFile(home, facts.path, factsPath(home, hash), `${JSON.stringify(whole, null, 2)}\n`);
}
