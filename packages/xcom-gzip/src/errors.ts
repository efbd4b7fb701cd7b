import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const gzipErrorTable = {
  XCOM_GZIP_OPTION_INVALID: {
    says: "Option '{option}' of gzip() is wrong: {why}",
    cure: "Give the option a value of the stated kind, or leave it out.",
  },
  XCOM_GZIP_ENVELOPE_INVALID: {
    says: "The record about a compressed XCom is not one that was written: {why}",
    cure: "Clear the task that pushed it, so that it is written again; something changed what is stored.",
  },
  XCOM_GZIP_ALGORITHM_UNKNOWN: {
    says: "An XCom was compressed with {algorithm}, which this version of @millrace/xcom-gzip does not know (it knows {known})",
    cure: "Update @millrace/xcom-gzip to the version that wrote it; if none ever did, clear the task that pushed it.",
  },
  XCOM_GZIP_FORMAT_INVALID: {
    says: "An XCom of {sizeBytes} bytes is said to be {algorithm} data and is not: {why}",
    cure: "Clear the task that pushed it, so that it is written again; its bytes were exchanged.",
  },
  XCOM_GZIP_TRUNCATED: {
    says: "A compressed XCom ends after {found} bytes of {algorithm} data, before its end ({expected} bytes were written)",
    cure: "Clear the task that pushed it, so that it is written again; part of it was lost.",
  },
  XCOM_GZIP_ALTERED: {
    says: "A compressed XCom ({algorithm}, {sizeBytes} bytes) is not what was written: {why}",
    cure: "Clear the task that pushed it, so that it is written again; something changed its bytes.",
  },
  XCOM_GZIP_SIZE_DIFFERS: {
    says: "A compressed XCom ({algorithm}, {sizeBytes} bytes) holds {found} bytes and should hold {expected}",
    cure: "Clear the task that pushed it, so that it is written again; it was altered, or made to fill the memory.",
  },
  XCOM_GZIP_TOO_LARGE: {
    says: "{what} {sizeBytes} bytes uncompressed, more than {limit}",
    cure: "Raise maxOutputBytes of gzip() where the value is written and read, or pass it on in parts.",
  },
  XCOM_GZIP_FAILED: {
    says: "{algorithm} failed on {sizeBytes} bytes: {why}",
    cure: "See the cause: most likely the machine has no memory left.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type GzipErrorCode = keyof typeof gzipErrorTable;

/** The error of a code of this package. */
export const gzipError = defineErrors(gzipErrorTable);
