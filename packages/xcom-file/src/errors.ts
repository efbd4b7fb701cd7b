import { defineErrors } from "@millrace/core/plugin";
import { codeOf, type FileErrors, reasonOf } from "./files/file-errors.ts";

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
  XCOM_FILE_OPTION_INVALID: {
    says: "Option '{option}' is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
  XCOM_FILE_REFERENCE_INVALID: {
    says: "The envelope of an XCom leads to no file of this place: {why}",
    cure: "Run the task that wrote it again; its row in the store was changed, or was written by a newer version.",
  },
  XCOM_FILE_DIR_INVALID: {
    says: "{path} cannot serve as the folder of XComs: {why}",
    cure: "Give a folder that this user may read and write, or one that can be created.",
  },
  XCOM_FILE_OUTSIDE: {
    says: "{path} is not a file of XComs inside {dir}: {why}",
    cure: "Put plain files and folders in place of links (also hard links) and of what else is there; then run the task again if the file is gone.",
  },
  XCOM_FILE_MISSING: {
    says: "The XCom's file {path} is gone",
    cure: "Name the folder it was moved to in `alsoRead`, or run the task that wrote it again.",
  },
  XCOM_FILE_TRUNCATED: {
    says: "The XCom's file {path} ends after {found} of {expected} bytes",
    cure: "Run the task that wrote it again; part of the file was lost.",
  },
  XCOM_FILE_ALTERED: {
    says: "The XCom's file {path} is not what was written: {why}",
    cure: "Run the task that wrote it again; something changed the file or its row.",
  },
  XCOM_FILE_TOO_LARGE: {
    says: "The XCom's file {path} has {sizeBytes} bytes, above the limit of {limit} for reading at once",
    cure: "Read it as a stream.",
  },
  XCOM_FILE_DISK_FULL: {
    says: "There is no room left to write the XCom's file {path}",
    cure: "Free disk space or remove old XComs, then run the task again; no part of the file was left behind.",
  },
  XCOM_FILE_DENIED: {
    says: "The system refuses access to {path}: {why}",
    cure: "Give this user permission to read and write the folder of XComs, on a disk that can be written.",
  },
  XCOM_FILE_IO_FAILED: {
    says: "Working on the XCom's file {path} failed: {why}",
    cure: "See the cause.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type FileErrorCode = keyof typeof fileErrorTable;

/** The error of a code of this package. */
export const fileError = defineErrors(fileErrorTable);

/** Codes of data sets for what can be wrong with a file. */
export const datasetErrors: FileErrors = {
  dirInvalid: (path, why, cause) => fileError("DATASET_DIR_INVALID", { path, why }, { cause }),
  missing: (path, cause) => fileError("DATASET_MISSING", { path }, { cause }),
  truncated: (path, found, expected) => fileError("DATASET_TRUNCATED", { path, found, expected }),
  altered: (path, why) => fileError("DATASET_ALTERED", { path, why }),
  outside: (path, dir, why) => fileError("DATASET_OUTSIDE", { path, dir, why }),
  failed(doing, path, cause) {
    const why = reasonOf(cause);
    const kind = kindOf(cause);
    if (doing === "write" && kind === "full") return fileError("DATASET_DISK_FULL", { path }, { cause });
    if (doing === "write" && kind === "denied") return fileError("DATASET_NOT_WRITABLE", { path, why }, { cause });
    return fileError("DATASET_IO_FAILED", { path, why }, { cause });
  },
};

/** Codes of XComs for the same. */
export const xcomFileErrors: FileErrors = {
  dirInvalid: (path, why, cause) => fileError("XCOM_FILE_DIR_INVALID", { path, why }, { cause }),
  missing: (path, cause) => fileError("XCOM_FILE_MISSING", { path }, { cause }),
  truncated: (path, found, expected) => fileError("XCOM_FILE_TRUNCATED", { path, found, expected }),
  altered: (path, why) => fileError("XCOM_FILE_ALTERED", { path, why }),
  outside: (path, dir, why) => fileError("XCOM_FILE_OUTSIDE", { path, dir, why }),
  failed(_doing, path, cause) {
    const why = reasonOf(cause);
    const kind = kindOf(cause);
    if (kind === "full") return fileError("XCOM_FILE_DISK_FULL", { path }, { cause });
    if (kind === "denied") return fileError("XCOM_FILE_DENIED", { path, why }, { cause });
    return fileError("XCOM_FILE_IO_FAILED", { path, why }, { cause });
  },
};

function kindOf(error: unknown): "full" | "denied" | "other" {
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return "full";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "denied";
    default:
      return "other";
  }
}
