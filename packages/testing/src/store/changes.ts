import {
  type AddBackfillItems,
  type AttemptPerformance,
  type BackfillItem,
  type BackfillState,
  type ClearTask,
  type CollapseTask,
  type CreateBackfill,
  type CreateRun,
  type ExpandTask,
  type FileRequest,
  type FinishTask,
  type RegisterDag,
  type ReturnTask,
  type SetTask,
  type StartTask,
  TASK_STATES,
  type UpdateBackfill,
  type UpdateRun,
  type XComPut,
} from "@millrace/core/plugin";

/** The instant of changes that do not say another. */
export const noon = Date.UTC(2026, 9, 22, 12);

/** A change of each kind with everything filled in that a case does not care about. */
export function registerDag(change: Partial<RegisterDag> = {}): RegisterDag {
  return {
    kind: "registerDag",
    dagId: "sales",
    fingerprint: "print-1",
    snapshot: '{"tasks":["extract","clean","report"]}',
    bundle: null,
    taskIds: ["extract", "clean", "report"],
    paused: false,
    startDate: null,
    startDateIsRelative: false,
    at: noon,
    ...change,
  };
}

export function createRun(change: Pick<CreateRun, "dagNo" | "versionNo" | "runId"> & Partial<CreateRun>): CreateRun {
  return {
    kind: "createRun",
    type: "manual",
    logicalDate: noon,
    intervalStart: noon,
    intervalEnd: noon,
    params: null,
    conf: null,
    idempotencyKey: null,
    backfill: null,
    at: noon,
    ...change,
  };
}

export function updateRun(change: Pick<UpdateRun, "runNo" | "to"> & Partial<UpdateRun>): UpdateRun {
  return { kind: "updateRun", from: ["queued", "running"], note: null, at: noon, ...change };
}

export function startTask(change: Pick<StartTask, "taskInstanceNo" | "runNo"> & Partial<StartTask>): StartTask {
  return {
    kind: "startTask",
    from: ["scheduled", "up_for_retry", "up_for_reschedule", "waiting"],
    token: 1,
    attempt: 1,
    at: noon,
    ...change,
  };
}

export function finishTask(change: Pick<FinishTask, "taskInstanceNo" | "runNo"> & Partial<FinishTask>): FinishTask {
  return {
    kind: "finishTask",
    token: 1,
    attempt: 1,
    state: "success",
    error: null,
    wakeAt: null,
    awaits: null,
    replacesXComs: true,
    xcoms: [],
    deletes: [],
    reads: [],
    performance: null,
    at: noon,
    ...change,
  };
}

export function returnTask(change: Pick<ReturnTask, "taskInstanceNo" | "runNo"> & Partial<ReturnTask>): ReturnTask {
  return {
    kind: "returnTask",
    token: 1,
    attempt: 1,
    why: "lost",
    reason: "its process ended",
    at: noon,
    ...change,
  };
}

export function setTask(change: Pick<SetTask, "taskInstanceNo" | "runNo" | "to"> & Partial<SetTask>): SetTask {
  return { kind: "setTask", from: ["scheduled"], reason: null, at: noon, ...change };
}

export function clearTask(change: Pick<ClearTask, "taskInstanceNo" | "runNo"> & Partial<ClearTask>): ClearTask {
  return { kind: "clearTask", from: TASK_STATES, reason: null, at: noon, ...change };
}

export function expandTask(change: Pick<ExpandTask, "runNo" | "taskNo" | "placeholderNo" | "count">): ExpandTask {
  return { kind: "expandTask", at: noon, ...change };
}

export function collapseTask(
  change: Pick<CollapseTask, "runNo" | "taskNo" | "placeholderNo"> & Partial<CollapseTask>,
): CollapseTask {
  return { kind: "collapseTask", reason: null, at: noon, ...change };
}

export function fileRequest(requestId: string, change: Partial<FileRequest> = {}): FileRequest {
  return { kind: "fileRequest", requestId, operation: "pause", payload: '{"dag":"sales"}', at: noon, ...change };
}

export function createBackfill(
  change: Pick<CreateBackfill, "backfillId" | "dagNo"> & Partial<CreateBackfill>,
): CreateBackfill {
  return { kind: "createBackfill", spec: '{"from":"2026-01-01"}', maxActive: 2, at: noon, ...change };
}

/** Items to create, or as they say; the logical date is the number of the item. */
export function addItems(backfillNo: number, items: readonly Partial<BackfillItem>[], first = 0): AddBackfillItems {
  return {
    kind: "addBackfillItems",
    backfillNo,
    items: items.map((item, index) => ({
      itemNo: first + index,
      logicalDate: first + index,
      intervalStart: first + index,
      intervalEnd: first + index + 1,
      action: "create",
      reason: null,
      params: null,
      conf: null,
      ...item,
    })),
  };
}

export const backfillStates: readonly BackfillState[] = ["preparing", "running", "paused", "cancelled", "completed"];

/** From any state. */
export function moveBackfill(
  backfillNo: number,
  to: UpdateBackfill["to"],
  change: Partial<UpdateBackfill> = {},
): UpdateBackfill {
  return { kind: "updateBackfill", backfillNo, from: backfillStates, to, note: null, at: noon, ...change };
}

/** What an attempt cost; numbers that tell the columns from each other. */
export function performance(change: Partial<AttemptPerformance> = {}): AttemptPerformance {
  return {
    scope: "process",
    durationUs: 1_000_001,
    cpuUs: 200_002,
    memoryBeforeBytes: 30_003,
    memoryAfterBytes: 40_004,
    memoryPeakBytes: 50_005,
    loopDelayUs: 606,
    ...change,
  };
}

export function xcom(key: string, value: unknown): XComPut {
  const stored = JSON.stringify(value);
  return { key, format: "json", stored, sizeBytes: Buffer.byteLength(stored) };
}
