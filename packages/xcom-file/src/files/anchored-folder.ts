import { readlinkSync } from "node:fs";
import { constants, type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./file-errors.ts";
import { type FileTree, syncFolder } from "./file-tree.ts";

/** Windows has no such flags; there folders are held by their paths, and looked at before and after. */
export const noFollow = constants.O_NOFOLLOW ?? 0;
const onlyFolders = constants.O_DIRECTORY ?? 0;

/**
 * A folder of a tree that is held while something is done in it: what `at` leads to is in this very folder, whoever renames
 * it or puts another in its place meanwhile. Where the system has no such means, `isInPlace` tells afterwards.
 */
export interface AnchoredFolder {
  /** Where it is, for messages. */
  readonly path: string;
  /** The path by which a name in it is reached. */
  at(name: string): string;
  /** The path by which it is reached itself. */
  readonly here: string;
  /** Whether its path, which goes through no link, still leads to it. */
  isInPlace(): Promise<boolean>;
  /** Makes its entries survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a folder of a tree; `undefined` if it is not there.
 *
 * @param via - another path to it, which leads through its parent's descriptor
 * @throws what the tree's `errors` make of links, of what is no folder, and of refusals
 */
export async function openFolder(
  tree: FileTree,
  segments: readonly string[],
  via?: string,
): Promise<AnchoredFolder | undefined> {
  const path = join(tree.real, ...segments);
  try {
    const folder = tree.byDescriptor ? await hold(path, via ?? path) : await look(path);
    if (folder === "gone") return undefined;
    if (folder !== "elsewhere") return folder;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP" || code === "ENOTDIR")
      throw tree.errors.outside(path, tree.given, "a link, or something else that is no folder, is on the way");
    throw tree.errors.failed("read", path, error);
  }
  throw tree.errors.outside(path, tree.given, "it is reached through a link, or was exchanged meanwhile");
}

async function hold(path: string, via: string): Promise<AnchoredFolder | "gone" | "elsewhere"> {
  const handle = await open(via, constants.O_RDONLY | onlyFolders | noFollow);
  try {
    const found = whereIs(handle);
    if (found === path) return held(path, handle);
    await handle.close();
    return found === `${path} (deleted)` ? "gone" : "elsewhere";
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where an open file or folder is by now, by its real path. The kernel knows it without a look at the disk. */
export function whereIs(handle: FileHandle): string {
  return readlinkSync(`/proc/self/fd/${handle.fd}`);
}

function held(path: string, handle: FileHandle): AnchoredFolder {
  const here = `/proc/self/fd/${handle.fd}`;
  return {
    path,
    here,
    at: (name) => `${here}/${name}`,
    isInPlace: async () => whereIs(handle) === path,
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function look(path: string): Promise<AnchoredFolder | "elsewhere"> {
  const identity = async (): Promise<string | undefined> => {
    const found = await lstat(path, { bigint: true });
    if (!found.isDirectory() || (await realpath(path)) !== path) return undefined;
    return `${found.dev}:${found.ino}`;
  };
  const first = await identity();
  if (first === undefined) return "elsewhere";
  return {
    path,
    here: path,
    at: (name: string) => join(path, name),
    isInPlace: async () => (await identity().catch(() => undefined)) === first,
    sync: () => syncFolder(path),
    close: async () => {},
  };
}
