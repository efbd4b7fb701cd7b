import { coreError, shown } from "../errors.ts";

const dagId = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}$/;
const taskId = /^[A-Za-z0-9_-]{1,200}$/;
const runId = /^[A-Za-z0-9][A-Za-z0-9_.~:+-]{0,249}$/;
const xcomKey = /^[^/\\\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]{1,250}$/u;

const plainText = /^[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+$/;
const poolName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/** Longest idempotency key of a run. */
export const longestKey = 500;

/** True for text that a store gives back as it was, and that is safe to show: names of events, idempotency keys. */
export function isPlainText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest && plainText.test(value) && value.isWellFormed();
}

/** True for text that may name a pool. */
export function isPoolName(value: unknown): value is string {
  return typeof value === "string" && poolName.test(value);
}

/** True for text that may name a DAG. */
export function isDagId(value: unknown): value is string {
  return typeof value === "string" && dagId.test(value) && !value.includes("..");
}

/** True for text that may name a task or a group (without the groups around it). */
export function isTaskId(value: unknown): value is string {
  return typeof value === "string" && taskId.test(value);
}

/**
 * Checks a DAG id given from outside.
 *
 * @throws `DAG_ID_INVALID`
 */
export function checkDagId(value: string): string {
  if (!isDagId(value)) throw coreError("DAG_ID_INVALID", { what: "DAG", id: shown(value) });
  return value;
}

/**
 * Checks the id of a task given from outside, with the groups around it: `group.task`.
 *
 * @throws `DAG_ID_INVALID`
 */
export function checkTaskPath(value: string): string {
  const isPath = typeof value === "string" && value.length <= 1_000 && value.split(".").every(isTaskId);
  if (!isPath) throw coreError("DAG_ID_INVALID", { what: "Task", id: shown(value) });
  return value;
}

/**
 * Checks a run id given from outside.
 *
 * @throws `RUN_ID_INVALID`
 */
export function checkRunId(value: string): string {
  if (typeof value !== "string" || !runId.test(value) || value.includes(".."))
    throw coreError("RUN_ID_INVALID", { id: shown(value) });
  return value;
}

/**
 * Checks the key of an XCom.
 *
 * @throws `XCOM_KEY_INVALID`
 */
export function checkXComKey(value: string): string {
  if (typeof value !== "string" || !xcomKey.test(value) || value === "." || value === ".." || !value.isWellFormed()) {
    throw coreError("XCOM_KEY_INVALID", { key: shown(value) });
  }
  return value;
}
