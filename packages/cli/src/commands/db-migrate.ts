import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";

export default defineCommand({
  about:
    "An engine does this by itself when it opens the database; here it happens at a time of your choice. No engine may be running on it.",
  examples: [["millrace db migrate", "make the database, or bring it up to date"]],
  async run(session) {
    const { name, migrate } = await session.store();
    if (!migrate) throw cliError("STORE_OPAQUE", { name, what: "migration" });
    const done = await migrate();
    const { location, from, to } = done;
    const { style } = session;
    session.print({ location, from, to }, () => [
      from === to
        ? `${style.good("✓")} ${location} is up to date (schema ${to})`
        : `${style.good("✓")} ${location}: ${from === null ? "made, with" : `from schema ${from} to`} schema ${to}`,
    ]);
    return exitCodes.ok;
  },
});
