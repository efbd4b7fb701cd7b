import { createHash } from "node:crypto";
import type { RunState } from "@millrace/core";
import { instantOf, intervalOf } from "@millrace/core/engine";
import type { BackfillItem } from "@millrace/core/plugin";
import { dateOfDay, type LocalDays } from "../dates/local-days.ts";
import type { Intervals } from "./intervals.ts";
import type { BackfillAction, BackfillDate, BackfillPlan, PlannedRun, PlannedRuns } from "./planned-run.ts";
import { type RunSettings, textValue } from "./run-settings.ts";

/** Why a date is what it is, as a number in a byte: see {@link CompactPlan.reasons}. */
export const reasonCode = { noRun: 0, firstState: 1, firstSkip: 10, notChosen: 255 } as const;
export const states: readonly RunState[] = ["queued", "running", "success", "failed", "cancelled"];
export const actions: readonly BackfillAction[] = ["create", "reprocess", "skip"];

/** A plan in numbers: 18 bytes a date. Ascending, whatever the order. */
export interface CompactPlan {
  readonly intervals: Intervals;
  /** Places in {@link actions}. */
  readonly action: Uint8Array;
  readonly reason: Uint8Array;
  readonly isBackward: boolean;
  readonly reprocess: BackfillPlan["reprocess"];
  /** What each selector of `skip` says. */
  readonly skipSays: readonly string[];
  readonly settings: RunSettings;
  readonly localDays: LocalDays;
}

/** A date of the schedule, by its place among the intervals. */
export function dateAt(
  { intervals, localDays }: Pick<CompactPlan, "intervals" | "localDays">,
  place: number,
): BackfillDate {
  const start = intervals.starts[place] as number;
  return {
    logicalDate: instantOf(start),
    interval: intervalOf(start, intervals.ends[place] as number),
    localDate: dateOfDay(localDays(start)),
  };
}

/** The runs of a plan, each made when it is looked at. */
export function plannedRuns(plan: CompactPlan): PlannedRuns {
  const { count } = plan.intervals;
  const at = (index: number): PlannedRun | undefined => {
    const whole = Math.trunc(index) || 0;
    const place = whole < 0 ? count + whole : whole;
    if (place < 0 || place >= count) return undefined;
    return runAt(plan, plan.isBackward ? count - 1 - place : place);
  };
  return {
    length: count,
    at,
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index++) yield at(index) as PlannedRun;
    },
  };
}

/** A date as it is stored, by its turn. */
export function itemAt(plan: CompactPlan, itemNo: number): BackfillItem {
  const { intervals, settings, isBackward } = plan;
  const place = isBackward ? intervals.count - 1 - itemNo : itemNo;
  const date = () => dateAt(plan, place);
  const action = actions[plan.action[place] as number] as BackfillAction;
  const start = intervals.starts[place] as number;
  const isRun = action !== "skip";
  // A new run checks them itself; one that is made again takes them over as they are.
  const params = action === "create" ? settings.givenParams : settings.params;
  return {
    itemNo,
    logicalDate: start,
    intervalStart: start,
    intervalEnd: intervals.ends[place] as number,
    action,
    reason: reasonOf(plan, plan.reason[place] as number, action),
    params: isRun && settings.hasParams ? params(date) : null,
    conf: isRun ? settings.conf(date) : null,
  };
}

function runAt(plan: CompactPlan, place: number): PlannedRun {
  const date = dateAt(plan, place);
  const action = actions[plan.action[place] as number] as BackfillAction;
  const reason = reasonOf(plan, plan.reason[place] as number, action);
  if (action === "skip") return { ...date, action, reason };
  const { settings } = plan;
  // A run that is made again keeps its own.
  const params = action === "create" || settings.hasParams ? textValue(settings.params(() => date)) : undefined;
  const conf = textValue(settings.conf(() => date)) as PlannedRun["conf"];
  return { ...date, action, reason, ...(params !== undefined && { params }), ...(conf && { conf }) };
}

function reasonOf({ skipSays, reprocess }: CompactPlan, code: number, action: BackfillAction): string {
  if (code === reasonCode.notChosen) return "left out: none of `only` has it";
  if (code >= reasonCode.firstSkip) return `left out: it is ${skipSays[code - reasonCode.firstSkip]}`;
  if (code === reasonCode.noRun) return "there is no run of it yet";
  const state = states[code - reasonCode.firstState];
  if (action === "reprocess") return `its run ended as '${state}' and is run again`;
  if (state === "queued" || state === "running") return `in flight: its run is ${state}`;
  const why = reprocess === "failed" ? "only failed ones are run again" : "none is run again";
  return `already exists: its run ended as '${state}', and ${why}`;
}

/**
 * Names what a plan does: to which dates what, in which order, with which params and conf. Reasons do not count: a run that
 * was in flight and has ended since is left alone all the same.
 */
export function digestOf(dagId: string, plan: CompactPlan): string {
  const { count, starts, ends } = plan.intervals;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([dagId, plan.isBackward, count]));
  hash.update(bytesOf(starts, count)).update(bytesOf(ends, count));
  hash.update(plan.action.subarray(0, count));
  for (let place = 0; place < count; place++) {
    if (plan.action[place] === actions.indexOf("skip")) continue;
    const date = () => dateAt(plan, place);
    hash.update(JSON.stringify([plan.settings.params(date), plan.settings.conf(date)]));
    if (plan.settings.isConstant) break;
  }
  return hash.digest("hex").slice(0, 16);
}

function bytesOf(list: Float64Array, count: number): Uint8Array {
  return new Uint8Array(list.buffer, 0, count * list.BYTES_PER_ELEMENT);
}
