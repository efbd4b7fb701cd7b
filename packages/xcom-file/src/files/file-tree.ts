import { existsSync } from "node:fs";
import { mkdir, open, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { codeOf, type FileErrors, reasonOf } from "./file-errors.ts";

/** Everything under one folder. What is in it is reached by names alone, and through no link. */
export interface FileTree {
  /** The folder as it was given, made absolute. */
  readonly given: string;
  /** The folder with every link resolved, once. */
  readonly real: string;
  readonly errors: FileErrors;
  /** Whether folders are held by descriptors, so that nobody can exchange them under our hands. */
  readonly byDescriptor: boolean;
  /** Paths of folders that were made and may not survive a power cut yet. */
  readonly unsynced: Set<string>;
}

/** Linux reaches what is in a folder through the folder's descriptor, wherever it is by now. */
const canHold = process.platform === "linux" && existsSync("/proc/self/fd");

/**
 * Opens a tree. With `create` its folder is made, for this user only (0700), if it is not there.
 *
 * @throws what `errors` makes of a folder that is missing (without `create`) or cannot serve
 */
export async function openTree(
  dir: string,
  options: { readonly create: boolean; readonly errors: FileErrors; readonly byDescriptor?: boolean },
): Promise<FileTree> {
  const { errors, byDescriptor = canHold } = options;
  const given = resolve(dir);
  try {
    if (options.create) await makeRoot(given);
    const real = await realpath(given);
    if (!(await stat(real)).isDirectory()) throw errors.dirInvalid(given, "it is not a folder");
    return { given, real, errors, byDescriptor, unsynced: new Set() };
  } catch (error) {
    if (isMillraceError(error)) throw error;
    if (codeOf(error) === "ENOENT" && !options.create) throw errors.missing(given, error);
    throw errors.dirInvalid(given, reasonOf(error), error);
  }
}

/** Makes the folder of a tree, and the folders above it, so that they survive a power cut. */
export async function makeRoot(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Some systems cannot open or sync a folder; there a power cut may take its latest entries. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
