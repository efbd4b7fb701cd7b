import { holderOf } from "../engine-note.ts";
import type { Check, Finding } from "./finding.ts";

const patienceMs = 2_000;
/** An engine answers requests at once; one that has waited for this long waits for an engine. */
const longestWaitMs = 10_000;

/** The engine that works on the store, if one does: does it answer? */
export const engineCheck: Check = {
  name: "engine",
  async look(session) {
    const { pingEngine } = await session.core();
    const { home } = await session.config();
    const holder = holderOf(home);
    const sign = await pingEngine(home, patienceMs);
    const who = holder ? `\`millrace ${holder.command}\` (process id ${holder.pid})` : "An engine";
    const findings: Finding[] = [];
    if (sign === "answers") findings.push({ check: "engine", level: "good", says: `${who} answers` });
    else if (sign === "silent" || holder)
      findings.push({
        check: "engine",
        level: "bad",
        says: `${who} works on the store and does not answer within ${patienceMs / 1_000} s`,
        cure: "See what it does: a task may hold up its event loop. If it is stuck, end it and start it again; its runs go on.",
      });
    else if (sign === "stale")
      findings.push({
        check: "socket",
        level: "bad",
        says: `An engine that is gone has left its socket in ${home}`,
        cure: "It was ended without warning (kill -9, out of memory, power). `millrace start` clears up and goes on with its runs.",
      });
    else findings.push({ check: "engine", level: "good", says: "No engine works on the store" });
    const store = await session.reader().catch(() => undefined);
    const [oldest] = (await store?.requests.pending(1)) ?? [];
    if (oldest && session.now() - oldest.filedAt > longestWaitMs)
      findings.push({
        check: "requests",
        level: "bad",
        says: `A request ('${oldest.operation}', number ${oldest.requestNo}) has waited for an answer since ${new Date(oldest.filedAt).toISOString()}`,
        cure: "Start an engine (`millrace start`): it does what is waiting.",
      });
    return findings;
  },
};
