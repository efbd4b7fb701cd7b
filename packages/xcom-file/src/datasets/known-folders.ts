import { dirname } from "node:path";
import { fileError } from "../errors.ts";

/**
 * Folders that this process has stored data sets in. Only these are cleaned when no folder is named, so that a
 * record from elsewhere cannot choose where files are removed.
 */
const folders = new Set<string>();

export function rememberFolder(real: string): void {
  folders.add(real);
}

/** @throws `DATASET_OUTSIDE` */
export function knownFolderOf(filePath: string): string {
  const dir = dirname(filePath);
  if (folders.has(dir)) return dir;
  throw fileError("DATASET_OUTSIDE", {
    path: filePath,
    dir: "the folders this process has stored to",
    why: "name its folder by `dir`",
  });
}
