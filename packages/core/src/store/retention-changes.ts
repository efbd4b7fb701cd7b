/** Removing what is too old, or too much. Answered with `deleted`. The numbers of what is removed are never given out again. */

export type RetentionChange = DeleteRuns | DeleteXComsOfRuns | DeleteEvents | DeleteLogs;

/**
 * Removes runs that have ended, with all that is theirs: task instances, XComs, what they read, logs, costs, and events;
 * other runs, and those that are not there, are passed over. Their ids, dates and idempotency keys are free again. Reads of
 * them are not shown any more. Bytes that their XComs lead to are left to the collector. Refused for more than 1,000 runs.
 */
export interface DeleteRuns {
  readonly kind: "deleteRuns";
  readonly runNos: readonly number[];
  readonly at: number;
}

/**
 * Removes the XComs of runs that have ended, which stay; other runs, and those that are not there, are passed over. Counts
 * XComs. Bytes that they lead to are left to the collector. Refused for more than 1,000 runs.
 */
export interface DeleteXComsOfRuns {
  readonly kind: "deleteXComsOfRuns";
  readonly runNos: readonly number[];
  readonly at: number;
}

/** Removes events up to this number, oldest first, at most `limit` (and 10,000) of them. */
export interface DeleteEvents {
  readonly kind: "deleteEvents";
  readonly upTo: number;
  readonly limit: number;
}

/** Removes log lines up to this number, oldest first, at most `limit` (and 10,000) of them. */
export interface DeleteLogs {
  readonly kind: "deleteLogs";
  readonly upTo: number;
  readonly limit: number;
}
