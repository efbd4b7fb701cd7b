import { shown } from "@millrace/core/plugin";
import { fileError } from "../errors.ts";
import { openFolder } from "../files/anchored-folder.ts";
import type { FileTree } from "../files/file-tree.ts";
import { removeEmptyFolders } from "../files/making-folders.ts";
import { removeFile } from "../files/removing-files.ts";
import { parsePath, type ValuePath } from "./value-path.ts";

/** Where a reference leads. @throws `XCOM_FILE_REFERENCE_INVALID` */
export function placeOfRef(ref: string): ValuePath {
  const place = typeof ref === "string" ? parsePath(ref) : undefined;
  if (!place)
    throw fileError("XCOM_FILE_REFERENCE_INVALID", { why: `the reference ${shown(ref)} is none of this place` });
  return place;
}

/**
 * Removes files and the folders that are empty without them. What is gone already is no error; what cannot be removed does
 * not keep the others from being removed, and is thrown at the end.
 */
export async function removeRefs(tree: FileTree, refs: readonly string[], signal?: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  const byFolder = new Map<string, { readonly folders: readonly string[]; readonly names: string[] }>();
  for (const ref of refs) {
    try {
      const { folders, name } = placeOfRef(ref);
      const path = folders.join("/");
      const group = byFolder.get(path) ?? { folders, names: [] };
      group.names.push(name);
      byFolder.set(path, group);
    } catch (error) {
      failures.push(error);
    }
  }
  const groups = byFolder.values();
  const lane = async (): Promise<void> => {
    for (const { folders, names } of groups) {
      if (signal?.aborted) return;
      await removeFrom(tree, folders, names, failures).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: foldersAtOnce }, lane));
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

async function removeFrom(
  tree: FileTree,
  folders: readonly string[],
  names: readonly string[],
  failures: unknown[],
): Promise<void> {
  const folder = await openFolder(tree, folders);
  if (!folder) return;
  try {
    for (const name of names) await removeFile(tree, folder, name).catch((error: unknown) => failures.push(error));
  } finally {
    await folder.close();
  }
  await removeEmptyFolders(tree, folders);
}

const foldersAtOnce = 8;
