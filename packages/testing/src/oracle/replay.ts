import type { History, HistoryOptions, HistoryProblem, HistoryRule } from "./history.ts";
import { Limits } from "./limits.ts";
import { newRunStory, type RunStory, runEvents, tellRun } from "./run-story.ts";
import { newStory, type TaskStory, tell } from "./task-story.ts";

/** What all events add up to. */
export interface Replay {
  /** By number. */
  readonly tasks: ReadonlyMap<number, TaskStory>;
  /** By number. */
  readonly runs: ReadonlyMap<number, RunStory>;
  readonly problems: readonly HistoryProblem[];
}

/** Goes through all events in order and says what of it cannot be. */
export function replay(history: History, { dags = [] }: HistoryOptions): Replay {
  const problems: HistoryProblem[] = [];
  const tasks = new Map<number, TaskStory>();
  const runs = new Map<number, RunStory>();
  const limits = new Limits(history, dags);
  let last: number | undefined;
  for (const event of history.events) {
    const { seq, kind, runNo, taskInstanceNo, data } = event;
    if (last !== undefined && seq !== last + 1)
      problems.push({ rule: "event numbers", what: `event ${seq} follows event ${last}` });
    last = seq;
    const complain = (rule: HistoryRule, what: string): void => {
      const whose = taskInstanceNo === null ? `run ${runNo}` : nameOf(history, taskInstanceNo);
      problems.push({ rule, what: `${whose}, event ${seq}: ${what}` });
    };
    if (kind === "pool.set" && data !== null) {
      const { pool, slots } = JSON.parse(data) as { readonly pool: string; readonly slots: number };
      limits.setPool(pool, slots);
    } else if (kind === "run.created" && runNo !== null) {
      if (runs.has(runNo)) complain("unique runs", "it was created a second time");
      runs.set(runNo, newRunStory());
    } else if (runEvents.has(kind) && runNo !== null) {
      const story = runs.get(runNo);
      if (!story) {
        complain("legal moves", `${kind} of a run that was never created`);
        continue;
      }
      tellRun(story, event, complain);
      if (story.state !== "running") limits.runEnds(runNo);
      else for (const full of limits.runBegins(runNo)) complain("limits", `it began, but ${full}`);
    } else if (kind.startsWith("task.") && taskInstanceNo !== null && runNo !== null) {
      const story = tasks.get(taskInstanceNo) ?? newStory(taskInstanceNo, runNo);
      tasks.set(taskInstanceNo, story);
      tell(story, event, complain);
      // The other elements went with it, whatever they were doing: no event of their own tells of that.
      if (kind === "task.collapsed")
        for (const other of tasks.values())
          if (other.runNo === runNo && !history.tasks.has(other.taskInstanceNo))
            limits.attemptEnds(other.taskInstanceNo);
      if (kind !== "task.running") {
        if (kind !== "task.expanded") limits.attemptEnds(taskInstanceNo);
        continue;
      }
      if (runs.get(runNo)?.state !== "running")
        complain("legal moves", `an attempt began while its run was ${runs.get(runNo)?.state ?? "not there"}`);
      for (const full of limits.attemptBegins(taskInstanceNo, runNo)) complain("limits", `it began, but ${full}`);
    }
  }
  return { tasks, runs, problems };
}

/** How people call a task instance. */
export function nameOf({ tasks, runs }: History, taskInstanceNo: number): string {
  const row = tasks.get(taskInstanceNo);
  if (!row) return `task instance ${taskInstanceNo}, which is not there any more`;
  const index = row.mapIndex < 0 ? "" : `[${row.mapIndex}]`;
  const run = runs.get(row.runNo);
  return `task '${row.taskId}${index}' of run '${run?.runId}' of '${run?.dagId}'`;
}
