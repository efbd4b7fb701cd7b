import type { Change, Outcome } from "@millrace/core/plugin";

/** The numbers that one store handed out, in the order in which it did. Two stores may number differently. */
export interface Numbers {
  readonly dagNos: number[];
  readonly versions: { readonly dagNo: number; readonly versionNo: number; readonly size: number }[];
  readonly runNos: number[];
  readonly requestNos: number[];
  /** Of the events that changes wrote. */
  readonly seqs: number[];
  readonly backfills: { readonly backfillNo: number; readonly dagNo: number; total: number }[];
  readonly tasks: { readonly taskInstanceNo: number; readonly runNo: number; readonly taskNo: number }[];
}

/** Builds a change from the numbers of the store that it is for. */
export type Step = (numbers: Numbers) => Change;

export const nowhere = 999_999_999;
export const noTask = { taskInstanceNo: nowhere, runNo: nowhere, taskNo: 0 };

/** Task instances and runs are picked from the few newest ones more often, so that moves follow one another. */
export function taskAt(numbers: Numbers, index: number) {
  const { tasks } = numbers;
  const place = index % 11 === 10 ? index % Math.max(tasks.length, 1) : Math.max(tasks.length - 1 - (index % 4), 0);
  return tasks[place] ?? noTask;
}

export function runAt({ runNos }: Numbers, index: number): number {
  return runNos[index % Math.max(runNos.length, 1)] ?? nowhere;
}

/** Mostly the newest backfill. */
export function backfillAt({ backfills }: Numbers, index: number): Numbers["backfills"][number] {
  const place = index % 3 === 2 ? index % Math.max(backfills.length, 1) : backfills.length - 1;
  return backfills[place] ?? { backfillNo: nowhere, dagNo: nowhere, total: 0 };
}

export function placeOf({ taskInstanceNo, runNo }: { readonly taskInstanceNo: number; readonly runNo: number }) {
  return { taskInstanceNo, runNo };
}

/** Remembers the numbers that an outcome hands out. */
export function note(numbers: Numbers, change: Change, outcome: Outcome): void {
  if ("eventSeq" in outcome && outcome.eventSeq > 0) numbers.seqs.push(outcome.eventSeq);
  if (outcome.status === "registered" && change.kind === "registerDag") {
    const { dagNo, versionNo } = outcome;
    if (!numbers.dagNos.includes(dagNo)) numbers.dagNos.push(dagNo);
    if (outcome.isNewVersion) numbers.versions.push({ dagNo, versionNo, size: change.taskIds.length });
  } else if (outcome.status === "created" && change.kind === "createRun") {
    numbers.runNos.push(outcome.runNo);
    const size = numbers.versions.find(({ versionNo }) => versionNo === change.versionNo)?.size ?? 0;
    for (let taskNo = 0; taskNo < size; taskNo++) {
      numbers.tasks.push({ taskInstanceNo: outcome.firstTaskInstanceNo + taskNo, runNo: outcome.runNo, taskNo });
    }
  } else if (outcome.status === "backfillCreated" && change.kind === "createBackfill") {
    numbers.backfills.push({ backfillNo: outcome.backfillNo, dagNo: change.dagNo, total: 0 });
  } else if (outcome.status === "done" && change.kind === "addBackfillItems") {
    const backfill = numbers.backfills.find(({ backfillNo }) => backfillNo === change.backfillNo);
    if (backfill !== undefined) backfill.total += change.items.length;
  } else if (outcome.status === "filed") {
    if (!numbers.requestNos.includes(outcome.requestNo)) numbers.requestNos.push(outcome.requestNo);
  } else if (outcome.status === "expanded" && change.kind === "expandTask") {
    for (let index = 1; index < change.count; index++) {
      numbers.tasks.push({
        taskInstanceNo: outcome.firstTaskInstanceNo + index - 1,
        runNo: change.runNo,
        taskNo: change.taskNo,
      });
    }
  }
}
