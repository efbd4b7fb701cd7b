import { createHash, type Hash } from "node:crypto";
import { constants, type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { noFollow, whereIs } from "./anchored-folder.ts";
import type { ChecksumAlgorithm } from "./checksums.ts";
import { codeOf } from "./file-errors.ts";
import type { FileTree } from "./file-tree.ts";

/** A named pipe put in place of the file must not hold the reader. */
const noBlock = constants.O_NONBLOCK ?? 0;
const pieceBytes = 256 * 1024;
const readAtOnce = 1024 * 1024;

/** What a file must be to count as the one that was written. */
export interface ExpectedFile {
  /** Names from the tree's folder down to the file. */
  readonly segments: readonly string[];
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly algorithm: ChecksumAlgorithm;
}

/** A file that is open to be read. Closed by what reads it, however that ends. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly tree: FileTree;
  readonly path: string;
  readonly expected: ExpectedFile;
}

/**
 * Opens a file: a plain one of that size, with no other name, reached through no link.
 *
 * @throws what the tree's errors make of `missing`, `outside`, `truncated`, `altered` and of refusals
 */
export async function openExpected(tree: FileTree, expected: ExpectedFile): Promise<OpenFile> {
  const { errors } = tree;
  const path = join(tree.real, ...expected.segments);
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | noFollow | noBlock);
  } catch (error) {
    throw openingError(tree, path, error);
  }
  try {
    const [found, isHere] = await Promise.all([handle.stat({ bigint: true }), isAt(path, handle, tree)]);
    if (!found.isFile()) throw errors.outside(path, tree.given, "it is not a plain file");
    if (found.nlink === 0n) throw errors.missing(path);
    if (found.nlink > 1n) throw errors.outside(path, tree.given, "it has a second name (hard link)");
    if (!isHere) throw errors.outside(path, tree.given, "it is reached through a symbolic link");
    const size = Number(found.size);
    if (size < expected.sizeBytes) throw errors.truncated(path, size, expected.sizeBytes);
    if (size > expected.sizeBytes) throw errors.altered(path, `it has ${size} bytes instead of ${expected.sizeBytes}`);
    return { handle, tree, path, expected };
  } catch (error) {
    await handle.close();
    throw isMillraceError(error) ? error : openingError(tree, path, error);
  }
}

/**
 * The bytes of a file in pieces, checked against size and checksum after the last one.
 *
 * @throws what the tree's errors make of `truncated`, `altered` and of refusals
 */
export async function* piecesOf(file: OpenFile, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const { sizeBytes, algorithm } = file.expected;
  const hash = createHash(algorithm);
  try {
    for (let position = 0; position < sizeBytes; ) {
      signal?.throwIfAborted();
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, sizeBytes - position));
      const read = await readSome(file, piece, position);
      hash.update(read);
      position += read.length;
      yield read;
    }
    checkSum(file, hash);
  } finally {
    await file.handle.close();
  }
}

/** The whole of a file, given out only once it is known to be right. Throws as {@link piecesOf} does. */
export async function bytesOf(file: OpenFile, signal?: AbortSignal): Promise<Buffer> {
  const { sizeBytes, algorithm } = file.expected;
  try {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    const hash = createHash(algorithm);
    for (let position = 0; position < sizeBytes; ) {
      signal?.throwIfAborted();
      const read = await readSome(file, bytes.subarray(position, position + readAtOnce), position);
      hash.update(read);
      position += read.length;
    }
    checkSum(file, hash);
    return bytes;
  } finally {
    await file.handle.close();
  }
}

async function readSome(file: OpenFile, into: Buffer, position: number): Promise<Buffer> {
  const { tree, path, expected } = file;
  const { bytesRead } = await file.handle.read(into, 0, into.length, position).catch((cause: unknown) => {
    throw tree.errors.failed("read", path, cause);
  });
  if (bytesRead === 0) throw tree.errors.truncated(path, position, expected.sizeBytes);
  return into.subarray(0, bytesRead);
}

function checkSum({ tree, path, expected }: OpenFile, hash: Hash): void {
  if (hash.digest("hex") !== expected.checksum) throw tree.errors.altered(path, "its checksum differs");
}

/** Whether what was opened is what the path names, without any link. */
async function isAt(path: string, handle: FileHandle, tree: FileTree): Promise<boolean> {
  if (tree.byDescriptor) {
    const found = whereIs(handle);
    return found === path || found === `${path} (deleted)`;
  }
  const [own, named, real] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(path, { bigint: true }),
    realpath(path),
  ]);
  return own.ino === named.ino && own.dev === named.dev && real === path;
}

function openingError(tree: FileTree, path: string, error: unknown): Error {
  switch (codeOf(error)) {
    case "ENOENT":
      return tree.errors.missing(path, error);
    case "ELOOP":
      return tree.errors.outside(path, tree.given, "it is a symbolic link");
    case "ENOTDIR":
      return tree.errors.outside(path, tree.given, "something that is no folder is on the way");
    case "ENXIO":
      return tree.errors.outside(path, tree.given, "it is not a plain file");
    default:
      return tree.errors.failed("read", path, error);
  }
}
