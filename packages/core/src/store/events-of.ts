import type { Change, EventRow } from "./contract.ts";

/** The part of an event that a change itself decides; the store adds `seq`, and `dagId` where it is cheap to know. */
export interface ChangeEvent {
  readonly kind: string;
  readonly runNo: number | null;
  readonly taskInstanceNo: number | null;
  readonly attempt: number | null;
  readonly data: string | null;
}

/**
 * The event that a change writes in its own transaction, or `undefined` for a change without one.
 * Both stores call this, so that they tell the same story.
 *
 * @param backfillId - of the backfill that is moved, which its change knows by number
 */
export function eventOf(change: Change, backfillId?: string): ChangeEvent | undefined {
  switch (change.kind) {
    case "registerDag":
      return { kind: "dag.registered", runNo: null, taskInstanceNo: null, attempt: null, data: null };
    case "setDagPaused":
      return {
        kind: change.paused ? "dag.paused" : "dag.unpaused",
        runNo: null,
        taskInstanceNo: null,
        attempt: null,
        data: reasonData(change.reason ?? null),
      };
    case "createRun":
      return { kind: "run.created", runNo: null, taskInstanceNo: null, attempt: null, data: null };
    case "reprocessRun":
      return { kind: runEvents.queued, runNo: change.runNo, taskInstanceNo: null, attempt: null, data: null };
    case "updateRun":
      return {
        kind: runEvents[change.to],
        runNo: change.runNo,
        taskInstanceNo: null,
        attempt: null,
        data: change.note === null ? null : JSON.stringify({ note: change.note }),
      };
    case "startTask":
      return {
        kind: "task.running",
        runNo: change.runNo,
        taskInstanceNo: change.taskInstanceNo,
        attempt: change.attempt,
        data: null,
      };
    case "finishTask":
      return {
        kind: taskEvents[change.state],
        runNo: change.runNo,
        taskInstanceNo: change.taskInstanceNo,
        attempt: change.attempt,
        data: finishData(change.error, change.wakeAt, change.awaits),
      };
    case "returnTask":
      return {
        kind: taskEvents.scheduled,
        runNo: change.runNo,
        taskInstanceNo: change.taskInstanceNo,
        attempt: change.attempt,
        data: JSON.stringify({ returned: change.why }),
      };
    case "setTask":
      return {
        kind: taskEvents[change.to],
        runNo: change.runNo,
        taskInstanceNo: change.taskInstanceNo,
        attempt: null,
        data: reasonData(change.reason),
      };
    case "clearTask":
      return {
        kind: "task.cleared",
        runNo: change.runNo,
        taskInstanceNo: change.taskInstanceNo,
        attempt: null,
        data: reasonData(change.reason),
      };
    case "expandTask":
      return {
        kind: "task.expanded",
        runNo: change.runNo,
        taskInstanceNo: change.placeholderNo,
        attempt: null,
        data: `{"count":${change.count}}`,
      };
    case "collapseTask":
      return {
        kind: "task.collapsed",
        runNo: change.runNo,
        taskInstanceNo: change.placeholderNo,
        attempt: null,
        data: reasonData(change.reason),
      };
    case "deleteXComs":
      return {
        kind: "xcom.cleared",
        runNo: null,
        taskInstanceNo: null,
        attempt: null,
        data: `{"count":${change.refs.length}}`,
      };
    case "putPool":
      return {
        kind: "pool.set",
        runNo: null,
        taskInstanceNo: null,
        attempt: null,
        data: JSON.stringify({ pool: change.pool, slots: change.slots }),
      };
    case "createBackfill":
      return backfillEvent("backfill.created", change.backfillId, null);
    case "updateBackfill":
      return backfillEvent(`backfill.${change.to}`, backfillId, change.note);
    case "appendEvent": {
      const { kind, runNo, taskInstanceNo, attempt, data }: Omit<EventRow, "seq"> = change.event;
      return { kind, runNo, taskInstanceNo, attempt, data };
    }
    default:
      return undefined;
  }
}

const runEvents = {
  queued: "run.queued",
  running: "run.running",
  success: "run.success",
  failed: "run.failed",
  cancelled: "run.cancelled",
} as const;

const taskEvents = {
  scheduled: "task.scheduled",
  queued: "task.queued",
  running: "task.running",
  success: "task.success",
  failed: "task.failed",
  skipped: "task.skipped",
  upstream_failed: "task.upstream_failed",
  up_for_retry: "task.up_for_retry",
  up_for_reschedule: "task.up_for_reschedule",
  waiting: "task.waiting",
  removed: "task.removed",
  cancelled: "task.cancelled",
} as const;

function backfillEvent(kind: string, backfillId: string | undefined, note: string | null): ChangeEvent {
  const data = JSON.stringify({ backfillId, note: note ?? undefined });
  return { kind, runNo: null, taskInstanceNo: null, attempt: null, data };
}

function reasonData(reason: string | null): string | null {
  return reason === null ? null : JSON.stringify({ reason });
}

function finishData(error: string | null, wakeAt: number | null, awaits: string | null): string | null {
  if (error === null && wakeAt === null && awaits === null) return null;
  return JSON.stringify({
    error: error === null ? undefined : JSON.parse(error),
    wakeAt: wakeAt ?? undefined,
    awaits: awaits ?? undefined,
  });
}
