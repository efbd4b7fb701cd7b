import { defineErrors, type MillraceError, messageOf } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const fileErrorTable = {
  DATASET_OPTION_INVALID: {
    says: "Option '{option}' is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
  DATASET_REFERENCE_INVALID: {
    says: "The value is no data-set record: {why}",
    cure: "Pass the record that storeLargeDataset returned, unchanged.",
  },
  DATASET_VALUE_UNSUPPORTED: {
    says: "The value at {path} is {what}, which JSON would lose or alter",
    cure: "Turn it into JSON first: leave absent fields out, write dates as ISO text, big numbers as text, Maps as objects.",
  },
  DATASET_RECORD_TOO_LARGE: {
    says: "Record {index} takes {sizeBytes} bytes or more as JSON, above the limit of {limit}",
    cure: "Split the record, or raise maxRecordBytes.",
  },
  DATASET_DIR_INVALID: {
    says: "{path} cannot serve as the folder of data sets: {why}",
    cure: "Give a folder that this user may read and write, or one that can be created.",
  },
  DATASET_OUTSIDE: {
    says: "{path} is not a data set inside {dir}: {why}",
    cure: "Use the record as it was returned and the `dir` it was stored with; links and other folders are never followed.",
  },
  DATASET_MISSING: {
    says: "The data set {path} is gone",
    cure: "Run the task that stored it again; keep files until every reader is done.",
  },
  DATASET_TRUNCATED: {
    says: "The data set {path} ends after {found} of {expected} bytes",
    cure: "Run the task that stored it again; part of the file was lost.",
  },
  DATASET_ALTERED: {
    says: "The data set {path} is not what was stored: {why}",
    cure: "Run the task that stored it again; something changed the file.",
  },
  DATASET_TOO_LARGE: {
    says: "The data set {path} has {sizeBytes} bytes, above the limit of {limit} for loading at once",
    cure: "Read it with streamDataset, or raise maxBytes.",
  },
  DATASET_NOT_A_LIST: {
    says: "The data set {path} is one value, not a list of records",
    cure: "Read it with loadDataset.",
  },
  DATASET_DISK_FULL: {
    says: "There is no room left to write {path}",
    cure: "Free disk space, or store data sets elsewhere; no part of the file was left behind.",
  },
  DATASET_NOT_WRITABLE: {
    says: "{path} cannot be written or removed: {why}",
    cure: "Give this user write permission on the folder, or choose another one.",
  },
  DATASET_IO_FAILED: {
    says: "Working on {path} failed: {why}",
    cure: "See the cause.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type FileErrorCode = keyof typeof fileErrorTable;

/** The error of a code of this package. */
export const fileError = defineErrors(fileErrorTable);

/** An error of the operating system while writing or removing, as one of ours. */
export function writeError(path: string, cause: unknown): MillraceError {
  switch (codeOf(cause)) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return fileError("DATASET_DISK_FULL", { path }, { cause });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return fileError("DATASET_NOT_WRITABLE", { path, why: messageOf(cause) }, { cause });
    default:
      return fileError("DATASET_IO_FAILED", { path, why: messageOf(cause) }, { cause });
  }
}

/** The operating system's code of an error, for example `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
