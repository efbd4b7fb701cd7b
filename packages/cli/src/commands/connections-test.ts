import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { safeLine } from "../terminal/safe-text.ts";

export default defineCommand({
  about: [
    "Over http and https the address is asked with HEAD, and GET if need be, with the connection's user and password. Of all others the host is looked up and a TCP connection is opened and closed again: that shows whether something listens there, not whether it would let tasks in. A provider may have a way of its own.",
    "Exits with 0 when it can be reached, with 3 when there is no such connection, and with 5 when it cannot be reached.",
  ].join("\n\n"),
  arguments: [{ name: "<connection>", says: "name of the connection" }],
  options: [{ flags: "--timeout <duration>", says: "how long to wait for an answer", default: "10s" }],
  examples: [
    ["millrace connections test shop-db", "is it there?"],
    ["millrace connections test shop-db --timeout 2s", "and quickly?"],
  ],
  async run(session, given) {
    const core = await session.core();
    const config = await session.config();
    const { providers } = await core.resolveSecrets(config);
    const timeout = given.text("timeout");
    const tested = await core.testConnection(given.text("connection"), { providers, timeout });
    const { style } = session;
    session.print(tested, () => [
      `${tested.ok ? style.good("✓") : style.bad("✗")} ${style.bold(tested.name)} ${style.dim(`(${safeLine(tested.type)}, from ${safeLine(tested.from)})`)}`,
      `  ${safeLine(tested.detail)}`,
    ]);
    return tested.ok ? exitCodes.ok : exitCodes.unavailable;
  },
});
