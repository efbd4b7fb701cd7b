import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const projectName = "example-xcom-patterns";

/** The folder of this project, also when this code runs from a bundle somewhere inside it. */
export function projectFolder(): string {
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), "here.js")).href]) {
    const manifest = findPackageJSON("..", base);
    if (manifest && JSON.parse(readFileSync(manifest, "utf8")).name === projectName) return dirname(manifest);
  }
  throw new Error(`Run this pipeline from the folder of ${projectName}: its input files are found from there.`);
}

/** A data file of the npm package `vega-datasets`. */
export function vegaDataFile(name: string): string {
  const manifest = findPackageJSON("vega-datasets", pathToFileURL(join(projectFolder(), "package.json")));
  if (!manifest) throw new Error("The package vega-datasets is not installed: run the install of the workspace.");
  return join(dirname(manifest), "data", name);
}

export function projectFile(...path: string[]): string {
  return join(projectFolder(), ...path);
}
