import { createHash, type Hash } from "node:crypto";
import { constants, type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { type AnchoredFolder, noFollow } from "./anchored-folder.ts";
import type { ChecksumAlgorithm } from "./checksums.ts";
import { codeOf } from "./file-errors.ts";
import type { FileTree } from "./file-tree.ts";
import { makeFolder, mostRemovals, removeEmptyFolders, syncMadeFolders } from "./making-folders.ts";

/** So much is hashed in one go: some 4 ms where the processor has no instructions for it. */
const hashedAtOnce = 1024 * 1024;

/** Where a file is to be, and how it is checked. */
export interface NewFile {
  readonly tree: FileTree;
  readonly folders: readonly string[];
  readonly name: string;
  readonly algorithm: ChecksumAlgorithm;
}

/**
 * A file that appears whole or not at all: written under a hidden name with mode 0600, synced, then renamed. Its folders are
 * made if they are not there. End it with `commit` or `discard`.
 */
export class AtomicFile {
  /** Where it will be, for messages. */
  readonly path: string;
  readonly #file: NewFile;
  readonly #folder: AnchoredFolder;
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  #sizeBytes = 0;

  private constructor(file: NewFile, folder: AnchoredFolder, handle: FileHandle) {
    this.path = join(folder.path, file.name);
    this.#file = file;
    this.#folder = folder;
    this.#handle = handle;
    this.#hash = createHash(file.algorithm);
  }

  /** @throws what the tree's errors make of a refusal; nothing is left then */
  static async create(file: NewFile): Promise<AtomicFile> {
    const { tree, folders, name } = file;
    for (let removals = 0; ; removals++) {
      const folder = await makeFolder(tree, folders);
      try {
        const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
        return new AtomicFile(file, folder, await open(folder.at(temporaryName(name)), flags, 0o600));
      } catch (error) {
        await folder.close();
        // Removed as empty, between its making and this.
        if (codeOf(error) === "ENOENT" && removals < mostRemovals) continue;
        await removeEmptyFolders(tree, folders);
        throw tree.errors.failed("write", join(folder.path, name), error);
      }
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Hashes while the disk writes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += hashedAtOnce) {
      const piece = bytes.subarray(at, at + hashedAtOnce);
      const writing = this.#writeAll(piece);
      this.#hash.update(piece);
      await writing;
      this.#sizeBytes += piece.length;
    }
  }

  /** Gives the file its name, durably, and answers where it is and what its bytes hash to. */
  async commit(): Promise<{ readonly path: string; readonly sizeBytes: number; readonly checksum: string }> {
    const { path } = this;
    const { tree, folders, name } = this.#file;
    let isNamed = false;
    try {
      const [own, isTaken] = await Promise.all([
        this.#handle.stat({ bigint: true }),
        exists(this.#folder.at(name)),
        this.#handle.sync(),
      ]);
      if (isTaken) throw new Error("a file of that name is there already");
      await rename(this.#folder.at(temporaryName(name)), this.#folder.at(name));
      isNamed = true;
      const [named, isInPlace] = await Promise.all([
        lstat(this.#folder.at(name), { bigint: true }),
        this.#folder.isInPlace(),
        this.#folder.sync(),
        syncMadeFolders(tree, folders),
      ]);
      if (named.ino !== own.ino || named.dev !== own.dev)
        throw tree.errors.outside(path, tree.given, "another file was put under its hidden name meanwhile");
      if (!isInPlace) throw tree.errors.outside(path, tree.given, "its folder was exchanged meanwhile");
    } catch (error) {
      if (isNamed) await unlink(this.#folder.at(name)).catch(() => undefined);
      await this.discard();
      throw isMillraceError(error) ? error : tree.errors.failed("write", path, error);
    }
    await this.#close();
    return { path, sizeBytes: this.#sizeBytes, checksum: this.#hash.digest("hex") };
  }

  /** Removes what was written, and folders that are empty without it. Never throws. */
  async discard(): Promise<void> {
    await unlink(this.#folder.at(temporaryName(this.#file.name))).catch(() => undefined);
    await this.#close();
    await removeEmptyFolders(this.#file.tree, this.#file.folders);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
      }
    } catch (error) {
      throw this.#file.tree.errors.failed("write", this.path, error);
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#handle.close(), this.#folder.close()]);
  }
}

/** The name that a file has until it is whole. */
function temporaryName(name: string): string {
  return `.${name}.part`;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
