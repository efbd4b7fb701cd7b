import { resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { sizeText } from "../terminal/show-size.ts";

export default defineCommand({
  about:
    "A copy of the database as it is at one moment, read through for damage before it appears. An engine may work on it meanwhile. Writes over nothing.",
  arguments: [{ name: "<file>", says: "where the copy goes" }],
  examples: [["millrace db backup /backups/millrace-monday.db", "copy the database"]],
  async run(session, given) {
    const { name, backup } = await session.store();
    if (!backup) throw cliError("STORE_OPAQUE", { name, what: "backup" });
    const { location, sizeBytes } = await backup(resolve(session.io.cwd, given.text("file")));
    session.print({ location, sizeBytes }, () => [`${session.style.good("✓")} ${location} (${sizeText(sizeBytes)})`]);
    return exitCodes.ok;
  },
});
