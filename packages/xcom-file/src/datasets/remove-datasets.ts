import { join } from "node:path";
import { isMillraceError, messageOf } from "@millrace/core/plugin";
import { openFolder } from "../files/anchored-folder.ts";
import { removeFile } from "../files/removing-files.ts";
import { openDatasetFolder } from "./dataset-folder.ts";
import { parseDatasetRecord } from "./dataset-reference.ts";
import { knownFolderOf } from "./known-folders.ts";

export interface RemoveDatasetsOptions {
  /**
   * The folder that the data sets were stored in; nothing outside is touched. Without it, only folders that this
   * process has itself stored to are cleaned.
   */
  readonly dir?: string;
}

export interface RemovedDatasets {
  /** Paths of the files that were removed. A file that was gone already is neither here nor failed. */
  readonly cleaned: string[];
  /** What could not be removed, and why: the error's code and message. */
  readonly failed: { readonly file: string; readonly error: string }[];
}

/**
 * Removes the files of data sets, one by one; a failure is reported and never keeps the others from being removed.
 * Direct records have no file and are passed over. Never throws.
 */
export async function removeDatasets(
  records: readonly unknown[],
  options: RemoveDatasetsOptions = {},
): Promise<RemovedDatasets> {
  const cleaned: string[] = [];
  const failed: { file: string; error: string }[] = [];
  for (const record of records) {
    try {
      const path = await removeOne(record, options.dir);
      if (path !== undefined) cleaned.push(path);
    } catch (error) {
      const code = isMillraceError(error) ? `${error.code}: ` : "";
      failed.push({ file: nameOf(record), error: code + messageOf(error) });
    }
  }
  return { cleaned, failed };
}

async function removeOne(record: unknown, dir: string | undefined): Promise<string | undefined> {
  const reference = parseDatasetRecord(record);
  if (reference.data_type === "direct") return undefined;
  const tree = await openDatasetFolder(dir ?? knownFolderOf(reference.file_path), { create: false }).catch(
    nothingThere,
  );
  const folder = tree && (await openFolder(tree, []));
  if (!folder) return undefined;
  try {
    return (await removeFile(tree, folder, reference.path)) ? join(folder.path, reference.path) : undefined;
  } finally {
    await folder.close();
  }
}

/** A folder that is gone took its data sets with it. */
function nothingThere(error: unknown): undefined {
  if (!isMillraceError(error, "DATASET_MISSING")) throw error;
}

function nameOf(record: unknown): string {
  const path = (record as { file_path?: unknown } | null | undefined)?.file_path;
  return typeof path === "string" ? path.slice(0, 4_096) : "(no data-set record)";
}
