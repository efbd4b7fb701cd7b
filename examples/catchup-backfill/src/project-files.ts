import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const projectName = "example-catchup-backfill";

/** The folder of this project, also when this code runs from a bundle somewhere inside it. */
export function projectFolder(): string {
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), "here.js")).href]) {
    const manifest = findPackageJSON("..", base);
    if (manifest && JSON.parse(readFileSync(manifest, "utf8")).name === projectName) return dirname(manifest);
  }
  throw new Error(`Run this from the folder of ${projectName}: its source system and target are kept there.`);
}

export function projectFile(...path: string[]): string {
  return join(projectFolder(), ...path);
}
