import { lstat, opendir } from "node:fs/promises";
import type { PlacedXCom, XComScope } from "@millrace/core/plugin";
import { type AnchoredFolder, openFolder } from "../files/anchored-folder.ts";
import { codeOf } from "../files/file-errors.ts";
import type { FileTree } from "../files/file-tree.ts";
import { isIdFolder } from "./id-encoding.ts";
import { refuse } from "./options.ts";
import { foldersOf, parsePath } from "./value-path.ts";

/**
 * Everything that is kept, run by run, in memory for one folder on the way each. What this place did not make is passed
 * over, and so are links; what is removed meanwhile may be there or not.
 *
 * @throws `XCOM_FILE_OPTION_INVALID` for a scope with a gap, and what the tree's errors make of refusals
 */
export async function* listValues(
  tree: FileTree,
  scope: XComScope,
  signal?: AbortSignal,
): AsyncGenerator<PlacedXCom, void, undefined> {
  checkScope(scope);
  const segments = foldersOf(scope);
  const folder = await openFolder(tree, segments);
  if (folder) yield* inside(tree, segments, folder, signal);
}

/** A run is one of a DAG, a task one of a run. */
export function checkScope({ dagId, runId, taskId }: XComScope): void {
  if (runId !== undefined && dagId === undefined) refuse("runId", runId, "it is given without dagId");
  if (taskId !== undefined && runId === undefined) refuse("taskId", taskId, "it is given without runId");
}

/** Closes the folder. */
async function* inside(
  tree: FileTree,
  segments: readonly string[],
  folder: AnchoredFolder,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlacedXCom, void, undefined> {
  try {
    for await (const names of namesIn(tree, folder)) {
      signal?.throwIfAborted();
      const found = await Promise.all(names.map((name) => valueAt(folder, segments, name)));
      for (const [n, name] of names.entries()) {
        const kept = found[n];
        if (kept) yield kept;
        else if (isIdFolder(name) && segments.length < deepest) {
          const below = [...segments, name];
          const next = await openedUnlessLink(tree, below, folder.at(name));
          if (next) yield* inside(tree, below, next, signal);
        }
      }
    }
  } finally {
    await folder.close();
  }
}

/** A few names at a time, of which the system is asked at once. */
async function* namesIn(tree: FileTree, folder: AnchoredFolder): AsyncGenerator<string[], void, undefined> {
  let names: string[] = [];
  try {
    for await (const entry of await opendir(folder.here, { bufferSize: namesAtOnce })) {
      if (names.push(entry.name) < namesAtOnce) continue;
      yield names;
      names = [];
    }
    if (names.length > 0) yield names;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw tree.errors.failed("read", folder.path, error);
  }
}

async function valueAt(
  folder: AnchoredFolder,
  segments: readonly string[],
  name: string,
): Promise<PlacedXCom | undefined> {
  const ref = [...segments, name].join("/");
  const place = parsePath(ref);
  if (!place) return undefined;
  const found = await lstat(folder.at(name)).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const { createdAt, isPartial, address } = place;
  return { ref, sizeBytes: found.size, createdAt, isPartial, ...(address && { address }) };
}

async function openedUnlessLink(tree: FileTree, segments: readonly string[], via: string) {
  return openFolder(tree, segments, via).catch((error: unknown) => {
    // A link or a file with the name of a folder is none of ours.
    if (codeOf(error) === "XCOM_FILE_OUTSIDE") return undefined;
    throw error;
  });
}

const namesAtOnce = 64;

/** Four ids over six folders each are more than there ever are. */
const deepest = 24;
