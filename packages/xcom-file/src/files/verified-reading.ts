import { createHash } from "node:crypto";
import { constants, type FileHandle, lstat, open } from "node:fs/promises";
import { isMillraceError, messageOf } from "@millrace/core/plugin";
import { codeOf, fileError } from "../errors.ts";
import type { ConfinedFolder } from "./confined-folder.ts";

const noFollow = constants.O_NOFOLLOW ?? 0;
/** A named pipe put in place of the file must not hold the reader. */
const noBlock = constants.O_NONBLOCK ?? 0;
const pieceBytes = 256 * 1024;

/** What a file must be to count as the one that was stored. */
export interface ExpectedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Opens a stored file: a plain file of that name and size in the folder, reached through no link.
 *
 * @throws `DATASET_MISSING`, `DATASET_OUTSIDE`, `DATASET_TRUNCATED`, `DATASET_ALTERED`, `DATASET_IO_FAILED`
 */
export async function openStored(folder: ConfinedFolder, expected: ExpectedFile): Promise<FileHandle> {
  const path = folder.pathOf(expected.name);
  let handle: FileHandle;
  try {
    // Looked at first because some systems follow a link in spite of the flag; the numbers are compared below.
    handle = await open(path, constants.O_RDONLY | noFollow | noBlock);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw fileError("DATASET_MISSING", { path }, { cause: error });
    if (codeOf(error) === "ELOOP") throw outside(path, folder, "it is a symbolic link");
    throw fileError("DATASET_IO_FAILED", { path, why: messageOf(error) }, { cause: error });
  }
  try {
    const [found, named] = await Promise.all([handle.stat(), lstat(path)]);
    if (!found.isFile()) throw outside(path, folder, "it is not a plain file");
    if (found.nlink > 1) throw outside(path, folder, "it has a second name (hard link)");
    if (found.ino !== named.ino || found.dev !== named.dev) throw outside(path, folder, "it is a symbolic link");
    await folder.check(expected.name);
    if (found.size < expected.sizeBytes) {
      throw fileError("DATASET_TRUNCATED", { path, found: found.size, expected: expected.sizeBytes });
    }
    if (found.size > expected.sizeBytes) {
      throw altered(path, `it has ${found.size} bytes instead of ${expected.sizeBytes}`);
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw isMillraceError(error)
      ? error
      : fileError("DATASET_IO_FAILED", { path, why: messageOf(error) }, { cause: error });
  }
}

/**
 * The bytes of a stored file in pieces, checked against size and checksum after the last one. A piece is valid until
 * the next is asked for. Closes the handle at the end, however it ends.
 *
 * @throws `DATASET_TRUNCATED`, `DATASET_ALTERED`, `DATASET_IO_FAILED`
 */
export async function* readVerified(
  handle: FileHandle,
  folder: ConfinedFolder,
  expected: ExpectedFile,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const path = folder.pathOf(expected.name);
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, expected.sizeBytes));
  let position = 0;
  try {
    while (position < expected.sizeBytes) {
      signal?.throwIfAborted();
      const wanted = Math.min(piece.length, expected.sizeBytes - position);
      const { bytesRead } = await handle.read(piece, 0, wanted, position).catch((cause: unknown) => {
        throw fileError("DATASET_IO_FAILED", { path, why: messageOf(cause) }, { cause });
      });
      if (bytesRead === 0)
        throw fileError("DATASET_TRUNCATED", { path, found: position, expected: expected.sizeBytes });
      const bytes = piece.subarray(0, bytesRead);
      hash.update(bytes);
      position += bytesRead;
      yield bytes;
    }
    if (hash.digest("hex") !== expected.sha256) throw altered(path, "its checksum differs");
  } finally {
    await handle.close();
  }
}

export function altered(path: string, why: string, cause?: unknown) {
  return fileError("DATASET_ALTERED", { path, why }, { cause });
}

function outside(path: string, folder: ConfinedFolder, why: string) {
  return fileError("DATASET_OUTSIDE", { path, dir: folder.given, why });
}
