import type { SkippedWork } from "../report/story-report.ts";
import type { Stage } from "./stage.ts";

/**
 * Tasks that skipped themselves, by what they said, whatever became of them later. Those that were only skipped because of
 * them are left out.
 */
export function skippedWork({ events }: Pick<Stage, "events">): SkippedWork[] {
  const found = new Map<string, SkippedWork>();
  const add = (dagId: string, what: string, why: string): void => {
    const key = `${dagId} ${what} ${why}`;
    found.set(key, { dagId, what, why, count: (found.get(key)?.count ?? 0) + 1 });
  };
  for (const { kind, dagId = "", taskId = "", data } of events) {
    const { error } = (data ?? {}) as { error?: { message?: string } };
    if (kind === "task.skipped" && error?.message !== undefined) add(dagId, taskId, sameWords(error.message));
    if (kind === "dag.runs_skipped") add(dagId, "missed runs", "a stretch of time that its catchup setting leaves out");
  }
  return [...found.values()].sort((a, b) => (a.dagId < b.dagId ? -1 : a.dagId > b.dagId ? 1 : 0));
}

/** The reason without the instant that it names, so that equal reasons are one line. */
function sameWords(reason: string): string {
  return reason.replace(/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, "…");
}
