import { lstat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import type { AnchoredFolder } from "./anchored-folder.ts";
import { codeOf } from "./file-errors.ts";
import type { FileTree } from "./file-tree.ts";

/**
 * Removes a plain file from a folder; false if it was gone already.
 *
 * @throws what the tree's errors make of `outside` (a link, a folder, a pipe) and of refusals
 */
export async function removeFile(tree: FileTree, folder: AnchoredFolder, name: string): Promise<boolean> {
  const path = join(folder.path, name);
  try {
    const found = await lstat(folder.at(name));
    if (!found.isFile()) {
      const why = found.isSymbolicLink() ? "it is a symbolic link" : "it is not a plain file";
      throw tree.errors.outside(path, tree.given, why);
    }
    await unlink(folder.at(name));
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw isMillraceError(error) ? error : tree.errors.failed("write", path, error);
  }
}
