import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import { wholeNumber } from "../option-values.ts";
import { readPools, usersText } from "../views/pool-view.ts";

const slotsOf = wholeNumber(0, 1_000_000_000);

export default defineCommand({
  about:
    "Makes the pool if it is new. With fewer slots than are used nothing is stopped: tasks start again when there is room. 0 closes the pool. A pool of the config has its slots from there whenever an engine starts.",
  arguments: [
    { name: "<pool>", says: "name of the pool" },
    { name: "<slots>", says: "how many slots it has from now on" },
  ],
  options: askFirstOptions,
  examples: [
    ["millrace pools set warehouse 4", "four tasks at once"],
    ["millrace pools set warehouse 0 --yes", "close it for a while"],
  ],
  async run(session, given) {
    const pool = given.text("pool");
    const slots = slotsOf(given.text("slots"), "<slots>");
    const store = await session.reader();
    const before = store && (await readPools(store)).find((line) => line.pool === pool);
    const text = `${pool}: ${before ? `${before.slots} → ` : ""}${slots} slots`;
    const isFewer = before !== undefined && slots < before.slots;
    const certainty = isFewer || given.flag("dryRun") ? certaintyOf(session, given, "Taking slots away") : "sure";
    if (certainty === "ask") {
      const users = before && before.users.length > 0 ? [`${before.used} used by ${usersText(before, 10)}`] : [];
      if (!(await isMeant(session, [text, ...users], "Take slots away?"))) return exitCodes.interrupted;
    }
    if (certainty !== "look") await operate(session, { operation: "setPool", pool, slots });
    session.print({ pool, slots, before: before?.slots ?? null, dryRun: certainty === "look" }, () => [
      certainty === "look" ? `${text} (not done)` : text,
    ]);
    return exitCodes.ok;
  },
});
