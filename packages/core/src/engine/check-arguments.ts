import { checkDagId, checkTaskPath, checkXComKey } from "../authoring/identifiers.ts";
import { isPlainRecord, OptionReader } from "../authoring/option-reader.ts";
import type { MillraceError } from "../errors.ts";
import { RUN_STATES, TASK_STATES } from "../lifecycle/states.ts";
import type { EngineListener, ObserveOptions } from "../observe/engine-event.ts";
import type { MarkedState, Operation, TaskSelection } from "../scheduler/operations/operation.ts";
import type { RunFilter } from "../store/contract.ts";
import type { RenewXComsOptions } from "./renewals.ts";

/** What callers without a compiler, and other processes, may give in the wrong shape. */

const markedStates: readonly MarkedState[] = ["success", "failed", "skipped"];
const runTypes = ["scheduled", "manual", "backfill", "triggered"] as const;
const longestReason = 1_000;

/**
 * Reads arguments and throws the first mistake.
 *
 * @throws `DAG_OPTION_INVALID`
 */
function reading<T>(where: string, read: (reader: OptionReader) => T): T {
  const mistakes: MillraceError[] = [];
  const result = read(new OptionReader(where, mistakes));
  if (mistakes.length > 0) throw mistakes[0];
  return result;
}

/** The options themselves, if they are an object. @throws `DAG_OPTION_INVALID` */
export function checkOptions<T extends object>(options: T, where: string): T {
  return reading(where, (read) => {
    read.options("options", options);
    // Where options may be left out, null is more likely a mistake than a wish.
    if (options === null) read.wrong("options", options, "an object with options is needed");
    return options;
  });
}

/** @throws `DAG_OPTION_INVALID` */
export function checkReason(reason: string, where = "engine.cancel", option = "reason"): string {
  return reading(where, (read) => {
    if (typeof reason !== "string" || reason.length > longestReason)
      read.wrong(option, reason, `a text of at most ${longestReason} characters is needed`);
    return reason;
  });
}

/**
 * An operation as a person or another process asked for it.
 *
 * @throws `DAG_OPTION_INVALID`, `DAG_ID_INVALID` (a task's id), `XCOM_KEY_INVALID`
 */
export function checkOperation(operation: Operation): Operation {
  return reading(`engine.${operation.kind}`, (read) => {
    if (operation.kind === "clear" || operation.kind === "mark") checkSelection(operation.selection, read);
    if (operation.kind === "mark") read.oneOf("state", operation.state, markedStates);
    if (operation.kind === "clearXComs") {
      if (operation.task !== undefined) checkTaskPath(operation.task);
      checkMapIndex(operation.mapIndex, read);
      for (const key of listOf("keys", operation.keys, read)) checkXComKey(key as string);
    }
    return operation;
  });
}

function checkSelection(selection: TaskSelection, read: OptionReader): void {
  for (const task of listOf("tasks", selection.tasks, read)) checkTaskPath(task as string);
  for (const state of listOf("states", selection.states, read)) read.oneOf("states", state as "queued", TASK_STATES);
  checkMapIndex(selection.mapIndex, read);
  read.flag("upstream", selection.upstream, false);
  read.flag("downstream", selection.downstream, false);
}

/** @throws `DAG_ID_INVALID`, `DAG_OPTION_INVALID` */
export function checkRunFilter(filter: RunFilter): RunFilter {
  return reading("engine.runs", (read) => {
    const { dagId, states, type, limit, before } = checkOptions(filter, "engine.runs");
    if (dagId !== undefined) checkDagId(dagId);
    for (const state of listOf("states", states, read)) read.oneOf("states", state as "queued", RUN_STATES);
    if (type !== undefined) read.oneOf("type", type, runTypes);
    read.wholeNumber("limit", limit, 0);
    read.wholeNumber("before", before, 0);
    return filter;
  });
}

/** @throws `DAG_OPTION_INVALID` */
export function checkEventFilter<
  T extends { readonly after?: number; readonly runNo?: number; readonly limit?: number },
>(filter: T): T {
  return reading("engine.events", (read) => {
    const { after, runNo, limit } = checkOptions(filter, "engine.events");
    read.wholeNumber("after", after, 0);
    read.wholeNumber("runNo", runNo, 0);
    read.wholeNumber("limit", limit, 0);
    return filter;
  });
}

/** @throws `DAG_OPTION_INVALID` */
export function checkRenewal<T extends RenewXComsOptions & { readonly dryRun?: boolean }>(options: T): T {
  return reading("engine.renewXComs", (read) => {
    const { after, limit, dryRun } = checkOptions(options, "engine.renewXComs");
    if (
      after !== undefined &&
      !(isPlainRecord(after) && Number.isSafeInteger(after.taskInstanceNo) && typeof after.key === "string")
    )
      read.wrong("after", after, "the `next` of the page before is needed");
    read.wholeNumber("limit", limit, 1);
    read.flag("dryRun", dryRun, false);
    return options;
  });
}

/** @throws `DAG_ID_INVALID`, `DAG_OPTION_INVALID` */
export function checkWanted<T extends ObserveOptions>(wanted: T, where: string): T {
  return reading(where, (read) => {
    const { dagId, runNo } = checkOptions(wanted, where);
    if (dagId !== undefined) checkDagId(dagId);
    read.wholeNumber("runNo", runNo, 0);
    return wanted;
  });
}

/** @throws `DAG_OPTION_INVALID` */
export function checkListener(listener: EngineListener): EngineListener {
  return reading("engine.observe", (read) => {
    if (typeof listener !== "function") read.wrong("listener", listener, "a function is needed");
    return listener;
  });
}

/** The index of an element of a mapped task. @throws `DAG_OPTION_INVALID` */
export function checkedMapIndex(mapIndex: number | undefined, where: string): number | undefined {
  return reading(where, (read) => checkMapIndex(mapIndex, read));
}

function checkMapIndex(mapIndex: number | undefined, read: OptionReader): number | undefined {
  return read.wholeNumber("mapIndex", mapIndex, -1);
}

function listOf(option: string, list: unknown, read: OptionReader): readonly unknown[] {
  if (list === undefined) return [];
  if (Array.isArray(list)) return list;
  read.wrong(option, list, "a list is needed");
  return [];
}
