// Imports nothing: the worker that moves pages loads it too.

/** SQLite's result code of an error; 0 when it is none of SQLite's. */
export function resultCode(error: unknown): number {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return 0;
  return typeof error.errcode === "number" ? error.errcode : 0;
}

const IOERR = 10;
const IOERR_FSYNC = IOERR | (4 << 8);
const IOERR_DIR_FSYNC = IOERR | (5 << 8);

/**
 * True when the system could not bring to the disk what it had taken. It says so once: who tries again is told that all is
 * well, although the bytes may never arrive.
 */
export function isFailedSync(error: unknown): boolean {
  const code = resultCode(error);
  return code === IOERR_FSYNC || code === IOERR_DIR_FSYNC;
}
