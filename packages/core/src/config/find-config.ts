import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { coreError, shown } from "../errors.ts";

/** Names of a configuration file, in the order in which they are looked for. */
export const configFileNames = [
  "millrace.config.ts",
  "millrace.config.mts",
  "millrace.config.js",
  "millrace.config.mjs",
] as const;

/** The nearest configuration file, from a folder upwards. */
export function findConfigFile(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const name of configFileNames) if (isFile(join(at, name))) return join(at, name);
    if (at === dirname(at)) return undefined;
  }
}

/**
 * The configuration file that was asked for: a file, or a folder that holds one.
 *
 * @throws `CONFIG_NOT_FOUND`
 */
export function namedConfigFile(path: string): string {
  if (isFile(path)) return path;
  for (const name of configFileNames) if (isFile(join(path, name))) return join(path, name);
  throw coreError("CONFIG_NOT_FOUND", { path: shown(path, 1_000).slice(1, -1) });
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Not there, not allowed, or no path at all.
    return false;
  }
}
