import { backfillArguments } from "../backfilling/backfill-options.ts";
import { changeBackfill } from "../backfilling/change-backfill.ts";
import { count } from "../backfilling/preview.ts";
import { progressLines, progressPayload } from "../backfilling/progress-view.ts";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export default defineCommand({
  about:
    "Dates whose turn has not come get no run, and runs that are active are cancelled. What is left is filled by a new backfill.",
  arguments: backfillArguments,
  options: [{ flags: "--keep-running", says: "let runs that are active go on to their end" }, ...askFirstOptions],
  examples: [
    ["millrace backfill cancel sales-1f9c3e", "end it now"],
    ["millrace backfill cancel sales-1f9c3e --keep-running --yes", "make no further run, for good"],
  ],
  async run(session, given) {
    const core = await session.core();
    const certainty = certaintyOf(session, given, "Cancelling a backfill");
    const backfillId = given.text("backfill");
    const keepRunning = given.flag("keepRunning");
    const { readBackfills } = await import("@millrace/backfill");
    const now = await readBackfills(await session.neededReader()).show(backfillId);
    const lines = progressLines(now, session, core);
    if (certainty === "look") {
      session.print({ dryRun: true, ...progressPayload(now) }, () => lines);
      return exitCodes.ok;
    }
    const active = keepRunning || now.active === 0 ? "" : ` and cancel ${count(now.active, "run")}`;
    const question = `Give up ${count(now.pending, "date")} of ${backfillId}${active}?`;
    if (certainty === "ask" && !(await isMeant(session, lines, question))) return exitCodes.interrupted;
    return changeBackfill(session, backfillId, {
      change: (backfills) => backfills.cancel(backfillId, { keepRunning }),
      follow: false,
    });
  },
});
