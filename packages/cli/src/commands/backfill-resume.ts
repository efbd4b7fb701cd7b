import { backfillArguments } from "../backfilling/backfill-options.ts";
import { changeBackfill } from "../backfilling/change-backfill.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about:
    "The engine that works on the store goes on with it, else this command does. Also for one that a killed command has left. It is followed to its end, as by `backfill create`.",
  arguments: backfillArguments,
  options: [{ flags: "--detach", says: "do not wait for its runs" }],
  examples: [["millrace backfill resume sales-1f9c3e", "go on where it stopped"]],
  run: (session, given) => {
    const backfillId = given.text("backfill");
    return changeBackfill(session, backfillId, {
      change: (backfills) => backfills.resume(backfillId),
      follow: !given.flag("detach"),
    });
  },
});
