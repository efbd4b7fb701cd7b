import { isMillraceError, messageOf, systemClock } from "@millrace/core/plugin";
import type { Check, Finding } from "./finding.ts";

/** How long a service may take to look whether it could work. */
const patienceMs = 20_000;

/** The services that the config names: each is there, and says that it could do its work. */
export const serviceCheck: Check = {
  name: "services",
  async look(session) {
    const core = await session.core();
    const { services } = await core.resolveServices(await session.config());
    const findings: Finding[] = [];
    for (const service of services) {
      const what = `Service '${service.name}'`;
      try {
        const notes = (await inTime((signal) => service.check?.({ signal }))) ?? [];
        findings.push({ check: "services", level: "good", says: [`${what} is ready`, ...notes].join("\n") });
      } catch (error) {
        const cure = isMillraceError(error) ? error.cure : "Correct its options in the config, or what it needs.";
        findings.push({ check: "services", level: "bad", says: `${what} could not work: ${messageOf(error)}`, cure });
      }
    }
    return findings;
  },
};

async function inTime<T>(look: (signal: AbortSignal) => Promise<T> | undefined): Promise<T | undefined> {
  const over = new AbortController();
  const late = systemClock.sleep(patienceMs, over.signal).then(() => {
    throw new Error(`it did not answer within ${patienceMs / 1_000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([look(over.signal), late]);
  } finally {
    over.abort();
  }
}
