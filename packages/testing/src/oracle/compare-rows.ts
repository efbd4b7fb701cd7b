import type { RunRow, TaskInstanceRow } from "@millrace/core/plugin";
import type { History, HistoryProblem, HistoryRule } from "./history.ts";
import { nameOf, type Replay } from "./replay.ts";
import { isOverState, newStory, type TaskStory } from "./task-story.ts";

const taskColumns = [
  "state",
  "attempt",
  "crashes",
  "uncounted",
  "startedAt",
  "endedAt",
  "wakeAt",
  "awaits",
] as const satisfies readonly (keyof TaskInstanceRow & keyof TaskStory)[];

const runColumns = ["state", "startedAt", "endedAt"] as const satisfies readonly (keyof RunRow)[];

/** Rows that are something else than the events add up to. */
export function compareRows(history: History, { tasks, runs }: Replay): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const complain = (what: string): number => problems.push({ rule: "rows", what });
  for (const row of history.tasks.values()) {
    const story = tasks.get(row.taskInstanceNo) ?? newStory(row.taskInstanceNo, row.runNo);
    for (const column of taskColumns) {
      if (row[column] === story[column]) continue;
      const name = nameOf(history, row.taskInstanceNo);
      complain(`${name}: ${column} is ${row[column]}, but its events add up to ${story[column]}`);
    }
  }
  for (const run of history.runs.values()) {
    const story = runs.get(run.runNo);
    if (!story) complain(`run '${run.runId}' of '${run.dagId}' has no event that created it`);
    for (const column of runColumns) {
      if (!story || run[column] === story[column]) continue;
      complain(
        `run '${run.runId}' of '${run.dagId}': ${column} is ${run[column]}, but its events add up to ${story[column]}`,
      );
    }
  }
  for (const runNo of runs.keys()) if (!history.runs.has(runNo)) complain(`run ${runNo} has events, but no row`);
  return [...problems, ...compareElements(history, tasks)];
}

/** Each task has its one instance, or an instance for each element of its last expansion. */
function compareElements(history: History, stories: Replay["tasks"]): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const rowsOf = Map.groupBy(history.tasks.values(), ({ runNo }) => runNo);
  for (const { runNo, runId, dagId, versionNo } of history.runs.values()) {
    const byTask = Map.groupBy(rowsOf.get(runNo) ?? [], ({ taskNo }) => taskNo);
    const version = history.versions.get(versionNo);
    const { tasks } = JSON.parse(version?.snapshot ?? '{"tasks":[]}') as { readonly tasks: readonly unknown[] };
    for (const [taskNo] of tasks.entries()) {
      const rows = byTask.get(taskNo) ?? [];
      const count = rows[0] && stories.get(rows[0].taskInstanceNo)?.count;
      const expected = count === undefined ? [-1] : Array.from({ length: count }, (_, index) => index);
      const found = rows.map(({ mapIndex }) => mapIndex);
      if (found.length === expected.length && found.every((index, place) => index === expected[place])) continue;
      const what = `task number ${taskNo} of run '${runId}' of '${dagId}' has the map indices ${found}, not ${expected}`;
      problems.push({ rule: "rows", what });
    }
  }
  return problems;
}

/** Runs that share what only one may have. */
export function findDoubles({ runs }: History): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const seen = new Map<string, string>();
  for (const { dagId, runId, logicalDate, idempotencyKey, type } of runs.values()) {
    const ownsDate = type === "scheduled" || type === "backfill";
    const names = [`run id '${runId}'`, ...(ownsDate ? [`logical date ${logicalDate}`] : [])];
    if (idempotencyKey !== null) names.push(`idempotency key '${idempotencyKey}'`);
    for (const name of names) {
      const key = `${dagId}\n${name}`;
      const other = seen.get(key);
      if (other !== undefined)
        problems.push({ rule: "unique runs", what: `runs '${other}' and '${runId}' of '${dagId}' share the ${name}` });
      seen.set(key, runId);
    }
  }
  return problems;
}

/** XComs that no recorded outcome left: of a refused, lost or cleared attempt. */
export function findStrayXComs(history: History, { tasks }: Replay): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  for (const rows of history.xcoms.values()) {
    for (const { taskInstanceNo, key, createdAt } of rows) {
      const recorded = tasks.get(taskInstanceNo)?.recorded;
      if (recorded?.instants.includes(createdAt)) continue;
      const what = `XCom '${key}' of ${nameOf(history, taskInstanceNo)} belongs to no recorded end of its last attempt`;
      problems.push({ rule: "xcoms", what });
    }
  }
  return problems;
}

/** What has not ended, and ended runs that have something in them which has not. */
export function findStuck(history: History, isOver: boolean): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const rule: HistoryRule = "nothing stuck";
  const isActive = ({ state }: RunRow): boolean => state === "queued" || state === "running";
  for (const row of history.tasks.values()) {
    const run = history.runs.get(row.runNo) as RunRow;
    if (!isOverState(row.state) && !isActive(run))
      problems.push({ rule, what: `${nameOf(history, row.taskInstanceNo)} is ${row.state}, but its run has ended` });
  }
  if (!isOver) return problems;
  for (const run of history.runs.values())
    if (isActive(run)) problems.push({ rule, what: `run '${run.runId}' of '${run.dagId}' is ${run.state}` });
  for (const { requestNo, operation } of history.unanswered)
    problems.push({ rule, what: `request ${requestNo} (${operation}) has no answer` });
  return problems;
}
