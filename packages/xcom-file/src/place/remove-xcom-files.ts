import { isMillraceError, messageOf, type XComScope } from "@millrace/core/plugin";
import { fileError, xcomFileErrors } from "../errors.ts";
import { type FileTree, openTree } from "../files/file-tree.ts";
import { checkScope, listValues } from "./list-values.ts";
import { checkDir, refuse } from "./options.ts";
import { removeRefs } from "./remove-refs.ts";

/** What {@link removeXComFiles} removes: all that fulfils everything that is given. */
export interface RemoveXComFilesOptions extends XComScope {
  /** The folder that {@link file} was given. */
  readonly dir: string;
  /** Only what was written before this moment. */
  readonly olderThan?: Date;
  /** Only tells what would be removed. Default false. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What was removed, or would be. */
export interface RemovedXComFiles {
  readonly files: number;
  readonly sizeBytes: number;
  /** What could not be removed, and why: the error's code and message. */
  readonly failed: readonly { readonly path: string; readonly error: string }[];
}

/**
 * Removes the files of a DAG's, a run's or a task's XComs, or those that are older than a moment, whether or not the store
 * still knows them: whoever reads them afterwards is told `XCOM_FILE_MISSING`. Files that were never finished are among
 * them. Nothing else in the folder is touched, and no link is followed. To remove everything give `olderThan: new Date()`.
 *
 * @throws `XCOM_FILE_OPTION_INVALID` when neither a DAG nor a moment is given, or an option is there and `undefined`;
 *   `XCOM_FILE_DIR_INVALID`, `XCOM_FILE_DENIED`, `XCOM_FILE_OUTSIDE`, `XCOM_FILE_IO_FAILED` when the folder cannot be read
 * @example
 * ```ts
 * import { removeXComFiles } from "@millrace/xcom-file";
 * const scope = { dir: ".millrace/xcom", dagId: "sales", runId: "2024-01-15" };
 * const would = await removeXComFiles({ ...scope, dryRun: true });
 * console.log(would.files, would.sizeBytes);
 * await removeXComFiles(scope);
 * ```
 */
export async function removeXComFiles(options: RemoveXComFilesOptions): Promise<RemovedXComFiles> {
  const { olderThan, dryRun = false, signal } = options;
  check(options);
  let tree: FileTree;
  try {
    tree = await openTree(options.dir, { create: false, errors: xcomFileErrors });
  } catch (error) {
    if (isMillraceError(error, "XCOM_FILE_MISSING")) return { files: 0, sizeBytes: 0, failed: [] };
    throw error;
  }
  const removed = { files: 0, sizeBytes: 0, failed: [] as { path: string; error: string }[] };
  for await (const { ref, sizeBytes, createdAt } of listValues(tree, options, signal)) {
    if (olderThan && createdAt >= olderThan.getTime()) continue;
    try {
      if (!dryRun) await removeRefs(tree, [ref], signal);
      removed.files++;
      removed.sizeBytes += sizeBytes;
    } catch (error) {
      signal?.throwIfAborted();
      removed.failed.push({
        path: ref,
        error: `${isMillraceError(error) ? error.code : "unknown"}: ${messageOf(error)}`,
      });
    }
  }
  return removed;
}

function check(options: RemoveXComFilesOptions): void {
  checkDir("dir", options.dir);
  // A variable that was never set must not make the removal wider.
  for (const name of ["dagId", "runId", "taskId"] as const) {
    if (name in options && typeof options[name] !== "string")
      refuse(name, options[name], "it must be text, or left out");
  }
  checkScope(options);
  const { olderThan } = options;
  if ("olderThan" in options && !(olderThan instanceof Date && Number.isFinite(olderThan.getTime())))
    refuse("olderThan", olderThan, "it must be a valid Date, or left out");
  if (options.dagId === undefined && olderThan === undefined)
    throw fileError("XCOM_FILE_OPTION_INVALID", {
      option: "dagId",
      value: "left out",
      expected: "either it or olderThan must be given",
    });
}
