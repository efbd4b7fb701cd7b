import { mkdir, open, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf } from "@millrace/core/plugin";
import { codeOf, fileError } from "../errors.ts";

/** One plain file name: no separators, no leading dot, nothing that a file system reads in its own way. */
const plainName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}$/;

export function isPlainName(value: unknown): value is string {
  return typeof value === "string" && plainName.test(value) && !value.includes("..") && !value.endsWith(".");
}

/**
 * A folder whose files are reached only by plain names, at the place that the folder really has (links resolved once).
 * `check` tells later whether that place is still the same folder.
 */
export interface ConfinedFolder {
  /** As it was given, made absolute. */
  readonly given: string;
  /** With every link resolved. */
  readonly real: string;
  /** @throws `DATASET_OUTSIDE` for anything but a plain name */
  pathOf(name: string): string;
  /** @throws `DATASET_OUTSIDE` when another folder took this one's place meanwhile */
  check(name: string): Promise<void>;
  /** Makes renames in it survive a power cut, where the file system can. */
  sync(): Promise<void>;
}

/**
 * Opens a folder, made with mode 0700 if it is not there and `create` is set.
 *
 * @throws `DATASET_DIR_INVALID`
 */
export async function openFolder(dir: string, options: { readonly create: boolean }): Promise<ConfinedFolder> {
  if (typeof dir !== "string" || dir === "" || dir.includes("\0")) {
    throw fileError("DATASET_OPTION_INVALID", {
      option: "dir",
      value: JSON.stringify(dir),
      expected: "it must be a path",
    });
  }
  const given = resolve(dir);
  let real: string;
  let id: string;
  try {
    if (options.create) await mkdir(given, { recursive: true, mode: 0o700 });
    real = await realpath(given);
    id = await identity(real);
  } catch (error) {
    throw fileError("DATASET_DIR_INVALID", { path: given, why: reason(error) }, { cause: error });
  }
  return {
    given,
    real,
    pathOf: (name) => {
      if (!isPlainName(name))
        throw outside(JSON.stringify(name).slice(0, 80), given, "its path is not one plain file name");
      return join(real, name);
    },
    check: async (name) => {
      const now = await Promise.all([realpath(given), identity(real)]).catch(() => undefined);
      if (now?.[0] !== real || now[1] !== id) throw outside(name, given, "the folder was exchanged meanwhile");
    },
    sync: async () => {
      // Some file systems cannot sync a folder; the file itself was synced before.
      const handle = await open(real, "r").catch(() => undefined);
      await handle?.sync().catch(() => undefined);
      await handle?.close();
    },
  };
}

/** Device and number of a folder. Throws unless it is one. */
async function identity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  if (!found.isDirectory()) throw new Error("it is not a folder");
  return `${found.dev}:${found.ino}`;
}

function outside(path: string, dir: string, why: string) {
  return fileError("DATASET_OUTSIDE", { path, dir, why });
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "it does not exist";
  if (code === "EEXIST" || code === "ENOTDIR") return "it, or what stands above it, is not a folder";
  return messageOf(error);
}
