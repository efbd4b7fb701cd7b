import type { Check, Finding } from "./finding.ts";

/** Secrets and connections: every place of them can be asked, and every connection can be read. None is tried. */
export const connectionCheck: Check = {
  name: "connections",
  async look(session) {
    const core = await session.core();
    const config = await session.config();
    const { providers } = await core.resolveSecrets(config);
    const { connections, problems } = await core.listConnections({ providers, timeout: config.secrets.timeout });
    const all = [...problems, ...connections.flatMap(({ problem }) => problem ?? [])];
    // A place that cannot be asked is what is wrong with every connection behind it.
    const wrong = new Map(all.map(({ message, cure }) => [message, cure]));
    if (wrong.size > 0)
      return [...wrong].map(([says, cure]): Finding => ({ check: "connections", level: "bad", says, cure }));
    // Nobody has to have any.
    if (connections.length === 0 && providers.length === 1) return [];
    const count = connections.length === 1 ? "1 connection" : `${connections.length} connections`;
    return [{ check: "connections", level: "good", says: `Secrets can be asked for; ${count}` }];
  },
};
