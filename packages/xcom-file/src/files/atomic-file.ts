import { createHash } from "node:crypto";
import { constants, type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { isMillraceError } from "@millrace/core/plugin";
import { fileError, writeError } from "../errors.ts";
import type { ConfinedFolder } from "./confined-folder.ts";

/** Windows has no such flag; there `O_EXCL` alone refuses what exists. */
const noFollow = constants.O_NOFOLLOW ?? 0;

/**
 * A file that appears whole or not at all: written under a hidden name with mode 0600, synced, then renamed.
 * End it with `commit` or `discard`.
 */
export class AtomicFile {
  readonly #folder: ConfinedFolder;
  readonly #name: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  private constructor(folder: ConfinedFolder, name: string, temporary: string, handle: FileHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** @throws `DATASET_OUTSIDE`, `DATASET_DISK_FULL`, `DATASET_NOT_WRITABLE`, `DATASET_IO_FAILED` */
  static async create(folder: ConfinedFolder, name: string): Promise<AtomicFile> {
    const path = folder.pathOf(name);
    const temporary = `${folder.real}/.${name}.part`;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      return new AtomicFile(folder, name, temporary, await open(temporary, flags, 0o600));
    } catch (error) {
      throw writeError(path, error);
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
      }
    } catch (error) {
      throw writeError(this.#folder.pathOf(this.#name), error);
    }
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** Gives the file its name and answers where it is and what its bytes hash to. */
  async commit(): Promise<{ readonly path: string; readonly sizeBytes: number; readonly sha256: string }> {
    const path = this.#folder.pathOf(this.#name);
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await this.#folder.check(this.#name);
      if (await exists(path))
        throw fileError("DATASET_IO_FAILED", { path, why: "a file of that name is there already" });
      await rename(this.#temporary, path);
      await this.#folder.sync();
    } catch (error) {
      throw isMillraceError(error) ? error : writeError(path, error);
    }
    return { path, sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }

  /** Removes what was written. Never throws. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
