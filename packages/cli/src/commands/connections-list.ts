import type { ListedConnection } from "@millrace/core/engine";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { exitCodeOfError } from "../report-error.ts";
import { tableLines } from "../terminal/table.ts";

export default defineCommand({
  about: [
    "Connections come from the environment (MILLRACE_CONNECTION_<NAME>), the secrets file, the config and its providers: the first that has a name wins. Addresses, users and passwords are not shown.",
    "Exits with another code than 0 when a provider could not be asked or a connection cannot be read.",
  ].join("\n\n"),
  examples: [
    ["millrace connections list", "what tasks can ask for"],
    ["millrace connections list -o json", "for programs"],
  ],
  async run(session) {
    const core = await session.core();
    const config = await session.config();
    const { providers } = await core.resolveSecrets(config);
    const { connections, problems, silent } = await core.listConnections({
      providers,
      timeout: config.secrets.timeout,
    });
    const { style, io } = session;
    const payload = connections.map(({ name, type, from, problem }) => ({
      name,
      type: type ?? null,
      from,
      problem: problem ? { code: problem.code, message: problem.message, cure: problem.cure } : null,
    }));
    session.print(payload, () =>
      connections.length === 0
        ? []
        : tableLines<ListedConnection>(
            connections,
            [
              { title: "connection", cell: ({ name }) => name, paint: (text) => style.bold(text) },
              { title: "type", cell: ({ type }) => type ?? "?" },
              { title: "from", cell: ({ from }) => from, paint: (text) => style.dim(text), flexible: true },
            ],
            style,
            io.out.columns,
          ),
    );
    if (connections.length === 0 && problems.length === 0)
      session.note("There are no connections. Set MILLRACE_CONNECTION_<NAME> to a URL, or name a file: secrets.file.");
    for (const name of silent) session.note(`${name} cannot tell what it has.`);
    const wrong = [...problems, ...connections.flatMap(({ problem }) => problem ?? [])];
    // A place that cannot be asked is what is wrong with every connection behind it.
    for (const [message, cure] of new Map(wrong.map((each) => [each.message, each.cure]))) session.warn(message, cure);
    return wrong.length === 0 ? exitCodes.ok : exitCodeOfError(wrong[0]);
  },
});
