import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodeOf, exitCodes } from "../exit-codes.ts";
import { arrow, errorPayload } from "../report-error.ts";
import { sizeText } from "../terminal/show-size.ts";

export default defineCommand({
  about: "Reads the whole database and changes nothing. An engine may be running meanwhile.",
  examples: [["millrace db check", "look for damage"]],
  async run(session) {
    const { name, inspect } = await session.store();
    if (!inspect) throw cliError("STORE_OPAQUE", { name, what: "check" });
    const found = await inspect({ deep: true });
    const { location, exists, schema, sizeBytes, problems } = found;
    const isBehind = exists && schema.found !== null && schema.found < schema.known;
    const { style } = session;
    session.print(
      { location, exists, schema, sizeBytes: sizeBytes ?? null, isBehind, problems: problems.map(errorPayload) },
      () => {
        if (!exists) return [`${style.dim("–")} ${location} is not there yet; the first run makes it`];
        const size = sizeBytes === undefined ? "" : `, ${sizeText(sizeBytes)}`;
        const head = `${location} (schema ${schema.found ?? "none"}${size})`;
        if (problems.length > 0)
          return [
            `${style.bad("✗")} ${head}`,
            ...problems.flatMap(({ message, cure }) => [`  ${message}`, ...arrow(cure, style)]),
          ];
        return [
          `${style.good("✓")} ${head}: no damage found`,
          ...(isBehind
            ? arrow(
                `It has an older schema than this version's (${schema.known}); the next engine brings it up to date, or do it now: millrace db migrate`,
                style,
              )
            : []),
        ];
      },
    );
    return problems.length > 0 ? exitCodeOf(problems[0].code) : exitCodes.ok;
  },
});
