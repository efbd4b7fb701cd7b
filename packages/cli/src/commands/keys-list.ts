import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { keyLines, keyPayload, keyUses, staleOf, valuesText } from "../views/key-view.ts";

export default defineCommand({
  about:
    "Counts the values by the id of the key that encrypted them, as it stands beside each value. Reads no value and needs no key. A key that is not listed is needed by no recorded value any more.",
  examples: [["millrace keys list", "see which keys are still needed"]],
  async run(session) {
    const core = await session.core();
    const uses = await keyUses(session, core);
    session.print({ keys: uses.map(keyPayload) }, () => keyLines(uses, session));
    if (uses.length === 0) session.note("No value is encrypted.");
    const stale = staleOf(uses);
    if (stale > 0) session.note(`${valuesText(stale)} of an old key: \`millrace keys rotate\` writes them anew.`);
    if (uses.some(({ unclear }) => unclear > 0))
      session.note("What cannot be judged was written by a part that the config does not name.");
    return exitCodes.ok;
  },
});
