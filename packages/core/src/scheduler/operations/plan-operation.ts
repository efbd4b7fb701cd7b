import { coreError } from "../../errors.ts";
import { isRunFinished } from "../../lifecycle/states.ts";
import type { Change, XComRow } from "../../store/contract.ts";
import type { LiveVersion } from "../live-version.ts";
import type { StoredRun } from "../load-run.ts";
import type { AffectedXCom, Operation, OperationResult } from "./operation.ts";
import { type Decisions, planClear, type RunPlan } from "./plan-clear.ts";
import { planMark } from "./plan-mark.ts";
import { selectTasks } from "./select-tasks.ts";

/** What the store holds of a run that somebody works on. */
export interface OperationReading {
  readonly stored: StoredRun;
  readonly version: LiveVersion;
  readonly decisions: Decisions;
  /** Read for operations on XComs, and where something outside of the store is to be removed with them. */
  readonly xcoms: readonly XComRow[];
}

/** An operation, thought through: what is to be written, and what people are told. */
export interface PlannedOperation {
  readonly changes: readonly Change[];
  readonly result: OperationResult;
  /** XComs that are no more once the changes are stored, as far as they were read. */
  readonly removed: readonly XComRow[];
  /** Memory has another picture of the run afterwards. */
  readonly isRebuilt: boolean;
}

const again = ["failed", "upstream_failed", "cancelled"] as const;

/**
 * Thinks an operation through. Pure: planning it a second time on the same reading gives the same.
 *
 * @throws `TASK_NOT_FOUND`, `NOTHING_TO_RETRY`
 */
export function planOperation(operation: Operation, reading: OperationReading, at: number): PlannedOperation {
  const { stored, version, decisions } = reading;
  const { dagId, runId, runNo, state } = stored.row;
  if (operation.kind === "clearXComs") {
    const found = xcomsMeant(operation, reading);
    const refs = found.map(({ taskInstanceNo, key }) => ({ taskInstanceNo, key }));
    const xcoms: AffectedXCom[] = found.map(({ taskId, mapIndex, key, sizeBytes }) => ({
      taskId,
      mapIndex,
      key,
      sizeBytes,
    }));
    return {
      changes: refs.length === 0 ? [] : [{ kind: "deleteXComs", refs, at }],
      result: { dagId, runId, runState: state, tasks: [], xcoms },
      removed: found,
      isRebuilt: false,
    };
  }
  const { changes, tasks } = planTasks(operation, version, stored, decisions, at);
  const reopens = tasks.length > 0 && isRunFinished(state);
  const reopened: Change = { kind: "updateRun", runNo, from: [state], to: "queued", note: null, at };
  return {
    changes: reopens ? [...changes, reopened] : changes,
    result: { dagId, runId, runState: reopens ? "queued" : state, tasks, xcoms: [] },
    removed: xcomsCleared(changes, reading),
    isRebuilt: changes.length > 0,
  };
}

function xcomsCleared(changes: readonly Change[], { stored, xcoms }: OperationReading): readonly XComRow[] {
  if (xcoms.length === 0) return [];
  const collapsed = new Set(changes.flatMap((change) => (change.kind === "collapseTask" ? [change.taskNo] : [])));
  const cleared = new Set([
    ...changes.flatMap((change) => (change.kind === "clearTask" ? [change.taskInstanceNo] : [])),
    ...stored.tasks.flatMap(({ taskNo, taskInstanceNo }) => (collapsed.has(taskNo) ? [taskInstanceNo] : [])),
  ]);
  return xcoms.filter(({ taskInstanceNo }) => cleared.has(taskInstanceNo));
}

function planTasks(
  operation: Exclude<Operation, { readonly kind: "clearXComs" }>,
  { graph }: LiveVersion,
  stored: StoredRun,
  decisions: Decisions,
  at: number,
): RunPlan {
  switch (operation.kind) {
    case "clear": {
      const chosen = selectTasks(graph, stored.tasks, {
        ...operation.selection,
        downstream: operation.selection.downstream ?? true,
      });
      return planClear(graph, stored, chosen, { decisions, reason: "cleared by hand", at });
    }
    case "retry": {
      const chosen = selectTasks(graph, stored.tasks, { states: again, downstream: true });
      const plan = planClear(graph, stored, chosen, { decisions, reason: "the run is retried", at });
      const { dagId, runId, state } = stored.row;
      if (plan.tasks.length === 0) throw coreError("NOTHING_TO_RETRY", { dagId, runId, state });
      return plan;
    }
    case "mark":
      return planMark(graph, stored, selectTasks(graph, stored.tasks, operation.selection), operation.state, {
        decisions,
        at,
      });
  }
}

function xcomsMeant(
  { task, mapIndex, keys }: Extract<Operation, { readonly kind: "clearXComs" }>,
  { stored, version, xcoms }: OperationReading,
): readonly XComRow[] {
  if (task !== undefined && !version.graph.numberOf.has(task))
    throw coreError("TASK_NOT_FOUND", { taskId: task, dagId: stored.row.dagId });
  return xcoms.filter(
    (row) =>
      (task === undefined || row.taskId === task) &&
      (mapIndex === undefined || row.mapIndex === mapIndex) &&
      (keys === undefined || keys.includes(row.key)),
  );
}
