import type { RunOutcome } from "@millrace/core/engine";
import type { RunRow, Store } from "@millrace/core/plugin";
import type { Session } from "../session.ts";
import { RunProgress } from "./run-progress.ts";
import { type RunView, viewOf } from "./run-view-of-session.ts";

/** What follows a run may do with it meanwhile. */
export interface Following {
  readonly view: RunView;
  /** Stops following; the run goes on. */
  stop(): void;
}

/**
 * Shows a run that an engine of another process makes, from its first event to its end, as `millrace run` shows its own.
 * Gives how it ended, or how it stands if the following was stopped before.
 */
export async function followRun(
  session: Session,
  store: Store,
  run: RunRow,
  onBegin: (following: Following) => () => void,
): Promise<RunOutcome> {
  const core = await session.core();
  const taskIds = new Set((await store.tasks.ofRun(run.runNo)).map(({ taskId }) => taskId));
  const progress = new RunProgress(run.dagId, [...taskIds]);
  const view = await viewOf(session, progress);
  const over = new AbortController();
  const release = onBegin({ view, stop: () => over.abort() });
  try {
    for await (const event of core.followStore(store, { runNo: run.runNo, untilEnd: true, signal: over.signal }))
      view.show(event, progress.take(event));
  } finally {
    release();
    view.end();
  }
  return core.readRunOutcome(store, (await store.runs.get(run.runNo)) ?? run);
}
