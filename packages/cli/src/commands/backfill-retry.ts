import { backfillArguments } from "../backfilling/backfill-options.ts";
import { changeBackfill } from "../backfilling/change-backfill.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about:
    "Each goes on from the tasks that failed, under the same id, also when the backfill has ended; as many at once as it may have active. It is followed to its end, as by `backfill create`.",
  arguments: backfillArguments,
  options: [{ flags: "--detach", says: "do not wait for its runs" }],
  examples: [["millrace backfill retry sales-1f9c3e", "once more, what failed"]],
  run: (session, given) => {
    const backfillId = given.text("backfill");
    return changeBackfill(session, backfillId, {
      change: (backfills) => backfills.retryFailed(backfillId),
      follow: !given.flag("detach"),
    });
  },
});
