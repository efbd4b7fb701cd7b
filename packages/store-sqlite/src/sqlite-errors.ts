import { coreError, defineErrors, isMillraceError, type MillraceError, messageOf } from "@millrace/core/plugin";
import { isFailedSync, resultCode } from "./failed-sync.ts";

/** Codes of this package's own; all else is told by the codes that every store uses. */
export const sqliteErrorTable = {
  SQLITE_UNAVAILABLE: {
    says: "This Node ({version}) has no SQLite inside",
    cure: "Use a Node 24 or newer that was built with SQLite.",
  },
  SQLITE_PATH_INVALID: {
    says: "{path} is not the path of a database file",
    cure: "Give sqlite({ path }) a path in the file system; for a store in memory use memoryStore() of @millrace/core/engine.",
  },
  SQLITE_OPTION_INVALID: {
    says: "Option '{option}' of sqlite is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
  SQLITE_BACKUP_EXISTS: {
    says: "{path} is there already",
    cure: "Name a file that is not there yet, or move that one away: a backup writes over nothing.",
  },
  SQLITE_SCHEMA_OLD: {
    says: "{path} has schema {found}, and this version of Millrace reads schema {known}",
    cure: "Run `millrace db migrate`, or start an engine once: both bring it up to date.",
  },
} as const;

export const sqliteError = defineErrors(sqliteErrorTable);

export type SqliteErrorCode = keyof typeof sqliteErrorTable;

// Primary result codes of SQLite; the extended ones hold them in their lowest byte.
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** The index of the write-ahead log could not grow, which is how a full disk shows there. */
const IOERR_SHMSIZE = IOERR | (19 << 8);

/** True when another connection holds the lock that was needed, so that trying again helps. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error) & 0xff;
  return code === BUSY || code === LOCKED;
}

/** True when the file or its folder may not be written, or a companion of it not be made. */
export function isForbidden(error: unknown): boolean {
  const code = resultCode(error) & 0xff;
  return code === READONLY || code === CANTOPEN;
}

/** What SQLite or the file system threw about this path, as an error of Millrace. */
export function storeError(path: string, error: unknown): MillraceError {
  if (isMillraceError(error)) return error;
  const cause = { cause: error };
  const code = resultCode(error);
  if (isFailedSync(error)) return coreError("STORE_DEVICE_FAILED", { path, why: messageOf(error) }, cause);
  switch (code === IOERR_SHMSIZE ? FULL : code & 0xff) {
    case FULL:
      return coreError("STORE_FULL", { path }, cause);
    case READONLY:
    case CANTOPEN:
      return coreError("STORE_READ_ONLY", { path }, cause);
    case CORRUPT:
    case NOTADB:
      return coreError("STORE_CORRUPT", { path, why: messageOf(error) }, cause);
    case BUSY:
    case LOCKED:
      return coreError("STORE_BUSY", { path, waitedMs: 0 }, cause);
  }
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return coreError("STORE_FULL", { path }, cause);
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "EEXIST":
    case "ENOENT":
    case "ELOOP":
    case "ENAMETOOLONG":
      return coreError("STORE_READ_ONLY", { path }, cause);
  }
  return coreError("STORE_FAILED", { why: messageOf(error) }, cause);
}

function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
