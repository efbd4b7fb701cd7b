import type { ErrorEntry } from "../errors.ts";

/** What can happen to the store. */
export const storeErrors = {
  STORE_CLOSED: {
    says: "The store is closed",
    cure: "Open a new one.",
  },
  STORE_MISSING: {
    says: "There is no store at {path}",
    cure: "Check the path, or start an engine there, which makes it.",
  },
  STORE_LOCKED: {
    says: "Another engine is working on {path}",
    cure: "Stop it first, or give this one a store of its own.",
  },
  STORE_BUSY: {
    says: "{path} stayed locked by another program for {waitedMs} ms",
    cure: "Close the program that holds it open for writing.",
  },
  STORE_FULL: {
    says: "There is no room left to write {path}",
    cure: "Free disk space; nothing recorded so far is lost.",
  },
  STORE_READ_ONLY: {
    says: "{path} cannot be written",
    cure: "Give this user write permission on the folder and the file, or choose another place (MILLRACE_HOME, store.path).",
  },
  STORE_CORRUPT: {
    says: "{path} is not a readable database: {why}",
    cure: "Restore it from a backup, or move it away to begin anew; the file was left as it is.",
  },
  STORE_NEWER: {
    says: "{path} was written by a newer Millrace (schema {found}, this one knows {known})",
    cure: "Update Millrace; the file was left as it is.",
  },
  STORE_DEVICE_FAILED: {
    says: "The device of {path} could not keep what was written: {why}",
    cure: "Look at the disk and the system's log before anything is started again: what was written last may be lost if power fails.",
  },
  STORE_FAILED: {
    says: "The store failed: {why}",
    cure: "See the cause; nothing of the group that failed was recorded.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
