import { datasetErrors, fileError } from "../errors.ts";
import { type FileTree, openTree } from "../files/file-tree.ts";

/** One plain file name: no separators, no leading dot, nothing that a file system reads in its own way. */
const plainName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}$/;

export function isPlainName(value: unknown): value is string {
  return typeof value === "string" && plainName.test(value) && !value.includes("..") && !value.endsWith(".");
}

/**
 * Opens a folder of data sets, made with mode 0700 if it is not there and `create` is set.
 *
 * @throws `DATASET_OPTION_INVALID`, `DATASET_DIR_INVALID`, `DATASET_MISSING`
 */
export async function openDatasetFolder(dir: string, options: { readonly create: boolean }): Promise<FileTree> {
  if (typeof dir !== "string" || dir === "" || dir.includes("\0")) {
    throw fileError("DATASET_OPTION_INVALID", {
      option: "dir",
      value: JSON.stringify(dir),
      expected: "it must be a path",
    });
  }
  return openTree(dir, { ...options, errors: datasetErrors });
}
