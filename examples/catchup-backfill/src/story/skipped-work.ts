import type { SkippedWork } from "../report/story-report.ts";
import { activeLimits } from "./dag-figures.ts";
import { runsOf, type Stage } from "./stage.ts";

/** Tasks that skipped themselves, by what they said. Those that were only skipped because of them are left out. */
export async function skippedWork(stage: Stage): Promise<SkippedWork[]> {
  const found = new Map<string, SkippedWork>();
  for (const dagId of Object.keys(activeLimits)) {
    for (const { runId } of await runsOf(stage, dagId)) {
      for (const { taskId, state, error } of await stage.simulation.test.engine.tasks(dagId, runId)) {
        if (state !== "skipped" || error === null) continue;
        const why = sameWords((JSON.parse(error) as { message: string }).message);
        const key = `${dagId} ${taskId} ${why}`;
        found.set(key, { dagId, what: taskId, why, count: (found.get(key)?.count ?? 0) + 1 });
      }
    }
  }
  for (const { kind, dagId = "", data } of stage.events) {
    if (kind !== "dag.runs_skipped") continue;
    const key = `${dagId} runs`;
    const why = "missed runs that its catchup setting leaves out";
    found.set(key, {
      dagId,
      what: "runs",
      why,
      count: (found.get(key)?.count ?? 0) + (Number((data as { count?: unknown }).count) || 1),
    });
  }
  return [...found.values()];
}

/** The reason without the instant that it names, so that equal reasons are one line. */
function sameWords(reason: string): string {
  return reason.replace(/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, "…");
}
