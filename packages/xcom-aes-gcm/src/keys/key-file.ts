import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type MillraceError, messageOf } from "@millrace/core/plugin";
import { aesGcmError } from "../errors.ts";
import { longestKeyText } from "./key-text.ts";

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const isPosix = process.platform !== "win32";

/** What a key file holds, and when it was last changed. */
export interface KeyFile {
  readonly text: string;
  readonly changedAt: number;
}

/**
 * Reads a key file that is this user's alone. What is looked at is what is read: nobody can exchange the file between.
 *
 * @throws `XCOM_KEYS_ABSENT`, `XCOM_KEY_FILE_REFUSED`
 */
export function readKeyFile(path: string): KeyFile {
  const refuse = (why: string): MillraceError => aesGcmError("XCOM_KEY_FILE_REFUSED", { path, why });
  let file: number;
  try {
    // Without waiting: a pipe would have the process wait for somebody who writes.
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ELOOP") throw refuse("it is a symbolic link");
    throw aesGcmError("XCOM_KEYS_ABSENT", { source: path, why: messageOf(error) }, { cause: error });
  }
  try {
    const { mode, size, mtimeMs } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refuse("it is no plain file");
    if (size > longestKeyText) throw refuse(`it has ${size} bytes`);
    if (isPosix && (mode & 0o077) !== 0)
      throw refuse(`its mode ${(mode & 0o777).toString(8)} lets others than its owner at it`);
    // One byte more than there may be, so that a file that grows meanwhile is not read in part.
    const bytes = Buffer.alloc(longestKeyText + 1);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    if (length > longestKeyText) throw refuse("it is too large");
    const text = bytes.toString("utf8", 0, length);
    bytes.fill(0);
    return { text, changedAt: mtimeMs };
  } finally {
    closeSync(file);
  }
}
