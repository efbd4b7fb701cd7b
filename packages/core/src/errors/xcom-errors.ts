import type { ErrorEntry } from "../errors.ts";

/** What can happen to values that tasks pass on or keep. */
export const xcomErrors = {
  XCOM_UNSUPPORTED: {
    says: "The value at {path} is {what} and cannot be passed between tasks",
    cure: "Pass JSON values, Date, bigint, Map, Set, Uint8Array or Temporal values; turn anything else into one of these, and leave absent keys out instead of undefined.",
  },
  XCOM_TOO_DEEP: {
    says: "The value is nested deeper than {limit} levels, at {path}",
    cure: "Flatten the value, or pass it as a file or a stream.",
  },
  STATE_KEY_INVALID: {
    says: "{key} cannot be a key of a task's state",
    cure: "Use a text of 1 to 500 characters without control characters.",
  },
  STATE_TOO_LARGE: {
    says: "The state under {key} takes {sizeBytes} bytes, more than {limit}",
    cure: "Keep a position or a path there, and the data in an XCom or a file.",
  },
  XCOM_TOO_LARGE: {
    says: "XCom '{key}' of task '{taskId}' takes {sizeBytes} bytes, more than {limit}",
    cure: "Use xcom.pushStream, a data-set reference or a file backend, or raise xcom.maxValueBytes.",
  },
  XCOM_TIMEOUT: {
    says: "XCom '{key}' of task '{taskId}' was not {what} within {timeout}: a part of the XCom backend hangs",
    cure: "See what the part waits for, or raise xcom.timeout of createEngine; the attempt counts as failed.",
  },
  XCOM_NOT_FOUND: {
    says: "Task '{taskId}' has pushed no XCom '{key}' in run '{runId}'",
    cure: "Check key and task, or give xcom.pull a default.",
  },
  XCOM_CORRUPT: {
    says: "XCom '{key}' of task '{taskId}' cannot be read back ({sizeBytes} bytes): {why}",
    cure: "Clear the task that pushed it, so that it is written again.",
  },
  XCOM_WRONG_KIND: {
    says: "XCom '{key}' of task '{taskId}' is {what}",
    cure: "Read it with {how}.",
  },
  XCOM_READER_MISSING: {
    says: "XCom '{key}' of task '{taskId}' was written by a part with the marker '{marker}', and no part named in the config reads it",
    cure: "Every part that once wrote must be named in xcom.backend or xcom.parts. {advice}",
  },
  XCOM_PART_FAILED: {
    says: "XCom '{key}' of task '{taskId}': the part '{part}' of the XCom backend failed to {did} it: {why}",
    cure: "See what the part could not do; the value itself is not known to be damaged. Retry the task when the cause is gone.",
  },
  XCOM_STREAM_UNSUPPORTED: {
    says: "XCom '{key}' of task '{taskId}' is a stream, and the part '{part}' of the XCom backend handles no streams",
    cure: "Use parts that handle streams, or push the data in pieces with xcom.push.",
  },
  XCOM_NOT_RENEWED: {
    says: "XCom '{key}' of task '{taskId}' was not written anew by the part '{part}': {why}",
    cure: "It stays readable as it is. Look at the options of the part, or clear the task that pushed it, so that it is written again.",
  },
  XCOM_PART_NOT_READY: {
    says: "The XCom part '{part}' cannot begin its work: {why}",
    cure: "See to what it needs (its folder, its keys, the network); `millrace doctor` tells more.",
  },
  XCOM_SCOPE_INVALID: {
    says: "What is to be collected names {what}",
    cure: "Give dagId with runId, and both with taskId.",
  },
  XCOM_NOT_COLLECTED: {
    says: "What the XCom place '{part}' keeps could not be collected: {why}",
    cure: "See that the place can be reached and written; nothing that is needed was removed, and the next collection goes on.",
  },
  XCOM_STACK_INVALID: {
    says: "The XCom backend is put together wrongly: {why}",
    cure: "List the stages in the order of writing, compression before encryption, and at most one place, last.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
