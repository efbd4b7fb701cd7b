import type { EventRow, RunState } from "@millrace/core/plugin";
import type { HistoryRule } from "./history.ts";

/** Where a run stands after the events so far. */
export interface RunStory {
  state: RunState;
  startedAt: number | null;
  endedAt: number | null;
}

const moves: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ["running", "success", "failed", "cancelled"],
  running: ["success", "failed", "cancelled"],
  success: ["queued"],
  failed: ["queued"],
  cancelled: ["queued"],
};

export function newRunStory(): RunStory {
  return { state: "queued", startedAt: null, endedAt: null };
}

/** Adds an event to the story of its run; says what of it cannot be. */
export function tellRun(story: RunStory, event: EventRow, complain: (rule: HistoryRule, what: string) => void): void {
  const to = event.kind.slice("run.".length) as RunState;
  if (!moves[story.state].includes(to)) complain("legal moves", `it went from ${story.state} to ${to}`);
  if (to === "running") story.startedAt ??= event.at;
  else if (to === "queued") story.startedAt = null;
  story.endedAt = to === "running" || to === "queued" ? null : event.at;
  story.state = to;
}

export const runEvents: ReadonlySet<string> = new Set(Object.keys(moves).map((state) => `run.${state}`));
