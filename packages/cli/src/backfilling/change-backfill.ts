import type { BackfillProgress, Backfills } from "@millrace/backfill";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { followBackfill } from "./follow-backfill.ts";
import { openBackfills } from "./open-backfills.ts";
import { nextStep, progressLines, progressPayload } from "./progress-view.ts";

/** Has something done to a backfill, and prints how it is then; what goes on by that is followed if it is wanted. */
export async function changeBackfill(
  session: Session,
  backfillId: string,
  { change, follow }: { change(backfills: Backfills): Promise<BackfillProgress>; readonly follow: boolean },
): Promise<number> {
  const core = await session.core();
  const { readBackfills } = await import("@millrace/backfill");
  // One that is not there is told without opening anything.
  await readBackfills(await session.neededReader()).show(backfillId);
  const doer = await openBackfills(session, follow ? "work" : { record: [] });
  try {
    const progress = await change(doer.backfills);
    if (follow) return await followBackfill(session, doer, backfillId);
    session.print(progressPayload(progress), () => progressLines(progress, session, core));
    const next = nextStep(progress);
    if (next !== undefined) session.note(next);
    else if (doer.engine && progress.state === "running")
      session.note("No engine is running: it goes on with the next `millrace start`.");
    return exitCodes.ok;
  } finally {
    await doer.close();
  }
}
