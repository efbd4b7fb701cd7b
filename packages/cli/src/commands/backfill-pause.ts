import { backfillArguments } from "../backfilling/backfill-options.ts";
import { changeBackfill } from "../backfilling/change-backfill.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about: "Runs that are active go on to their end.",
  arguments: backfillArguments,
  examples: [["millrace backfill pause sales-1f9c3e", "no further run for now"]],
  run: (session, given) => {
    const backfillId = given.text("backfill");
    return changeBackfill(session, backfillId, { change: (backfills) => backfills.pause(backfillId), follow: false });
  },
});
