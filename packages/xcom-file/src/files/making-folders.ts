import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type AnchoredFolder, openFolder } from "./anchored-folder.ts";
import { codeOf } from "./file-errors.ts";
import { type FileTree, makeRoot } from "./file-tree.ts";

/** How often folders may be removed under our hands before that counts as a fault: each takes a remover that is exactly as fast. */
export const mostRemovals = 100;

/**
 * Opens a folder of a tree and makes it (0700) with those above it, if it is not there. What somebody removes meanwhile, as
 * empty, is made again. {@link syncMadeFolders} makes that survive a power cut.
 */
export async function makeFolder(tree: FileTree, segments: readonly string[]): Promise<AnchoredFolder> {
  for (let removals = 0; removals < mostRemovals; removals++) {
    const folder = await openOrMake(tree, segments);
    if (folder) return folder;
  }
  const path = join(tree.real, ...segments);
  throw tree.errors.failed("write", path, new Error("it was removed again and again while it was made"));
}

/** Makes every folder on this way that was made by this process survive a power cut. */
export async function syncMadeFolders(tree: FileTree, segments: readonly string[]): Promise<void> {
  if (tree.unsynced.size === 0) return;
  await Promise.all(
    segments.map(async (_, depth) => {
      const path = join(tree.real, ...segments.slice(0, depth + 1));
      if (!tree.unsynced.has(path)) return;
      const parent = await openFolder(tree, segments.slice(0, depth));
      try {
        await parent?.sync();
      } finally {
        await parent?.close();
      }
      // Only now: whoever comes meanwhile syncs it as well.
      tree.unsynced.delete(path);
    }),
  );
}

/** Removes these folders from the innermost outwards, as long as they are empty. Never throws: they do no harm. */
export async function removeEmptyFolders(tree: FileTree, segments: readonly string[]): Promise<void> {
  for (let depth = segments.length; depth > 0; depth--) {
    const parent = await openFolder(tree, segments.slice(0, depth - 1)).catch(() => undefined);
    if (!parent) continue;
    try {
      await rmdir(parent.at(segments[depth - 1]));
      tree.unsynced.delete(join(tree.real, ...segments.slice(0, depth)));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") return;
    } finally {
      await parent.close();
    }
  }
}

/** Makes what is missing in the innermost folder that is there; `undefined` when one was removed meanwhile. */
async function openOrMake(tree: FileTree, segments: readonly string[]): Promise<AnchoredFolder | undefined> {
  const folder = await openFolder(tree, segments);
  if (folder) return folder;
  if (segments.length === 0) {
    await makeRoot(tree.real).catch((error: unknown) => {
      throw tree.errors.failed("write", tree.real, error);
    });
    return openFolder(tree, segments);
  }
  const parent = await openOrMake(tree, segments.slice(0, -1));
  try {
    const via = parent?.at(segments.at(-1) as string);
    if (via === undefined) return undefined;
    await makeOne(tree, join(tree.real, ...segments), via);
    return await openFolder(tree, segments, via);
  } finally {
    await parent?.close();
  }
}

async function makeOne(tree: FileTree, path: string, via: string): Promise<void> {
  try {
    await mkdir(via, { mode: 0o700 });
    tree.unsynced.add(path);
  } catch (error) {
    const code = codeOf(error);
    // There already; or its parent was removed, which shows when it is opened.
    if (code === "EEXIST" || code === "ENOENT") return;
    throw tree.errors.failed("write", path, error);
  }
}
