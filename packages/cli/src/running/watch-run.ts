import { coreError } from "@millrace/core/plugin";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { followRun } from "./follow-run.ts";
import { resultLines, resultPayload } from "./run-report.ts";

/**
 * Follows a run of another process to its end and prints how it ended; the exit code is that of the run.
 * An interrupt ends the watching at once, unless `onInterrupt` does something else about it.
 */
export async function watchRun(
  session: Session,
  runNo: number,
  onInterrupt?: (interrupts: number, message: (text: string) => void) => void,
): Promise<number> {
  const store = await session.neededReader();
  const run = await store.runs.get(runNo);
  if (!run) throw coreError("STORE_FAILED", { why: `run number ${runNo} is gone` });
  let interrupts = 0;
  let isLeft = false;
  const result = await followRun(session, store, run, ({ view, stop }) =>
    session.io.onInterrupt(() => {
      interrupts++;
      if (onInterrupt) return onInterrupt(interrupts, (text) => view.message(text));
      isLeft = true;
      stop();
    }),
  );
  const core = await session.core();
  if (isLeft) {
    session.note(`${run.runId} goes on: millrace runs watch ${run.dagId} ${run.runId}`);
    return exitCodes.interrupted;
  }
  session.print(resultPayload(result), () => resultLines(result, session, core));
  const failed = Object.entries(result.tasks).find(([, { state }]) => state === "failed")?.[0];
  if (failed !== undefined) session.note(`Logs: millrace tasks logs ${run.dagId} ${run.runId} ${failed}`);
  if (result.state === "success") return exitCodes.ok;
  return interrupts > 0 ? exitCodes.interrupted : exitCodes.failed;
}
