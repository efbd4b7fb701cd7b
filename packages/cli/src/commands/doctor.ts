import { isMillraceError, messageOf } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { bundleCheck } from "../doctor/bundle-check.ts";
import { catchupCheck } from "../doctor/catchup-check.ts";
import { clockCheck } from "../doctor/clock-check.ts";
import { connectionCheck } from "../doctor/connection-check.ts";
import { dagCheck } from "../doctor/dag-check.ts";
import { engineCheck } from "../doctor/engine-check.ts";
import type { Check, Finding } from "../doctor/finding.ts";
import { keyFileCheck } from "../doctor/key-file-check.ts";
import { configCheck, homeCheck, nodeVersionCheck, timeZoneCheck } from "../doctor/machine-checks.ts";
import { serviceCheck } from "../doctor/service-check.ts";
import { storeCheck } from "../doctor/store-check.ts";
import { xcomCheck } from "../doctor/xcom-check.ts";
import { exitCodes } from "../exit-codes.ts";
import { arrow } from "../report-error.ts";
import type { Session } from "../session.ts";
import { safeText } from "../terminal/safe-text.ts";

const checks: readonly Check[] = [
  nodeVersionCheck,
  timeZoneCheck,
  configCheck,
  homeCheck,
  keyFileCheck,
  storeCheck,
  clockCheck,
  engineCheck,
  bundleCheck,
  dagCheck,
  catchupCheck,
  xcomCheck,
  serviceCheck,
  connectionCheck,
];

export default defineCommand({
  about:
    "Looks and changes nothing, but for a value and a stream that go through the XCom backend and back. Exits with 1 if something is wrong.",
  examples: [["millrace doctor", "what is wrong here, and what to do"]],
  async run(session) {
    const findings: Finding[] = [];
    for (const check of checks) findings.push(...(await look(check, session, findings)));
    const bad = findings.filter(({ level }) => level === "bad").length;
    const { style } = session;
    const signs = {
      good: style.good("✓"),
      warning: style.warn("!"),
      bad: style.bad("✗"),
      skipped: style.dim("–"),
    } as const;
    session.print(
      { healthy: bad === 0, findings: findings.map((finding) => ({ ...finding, cure: finding.cure ?? null })) },
      () => [
        ...findings.flatMap(({ level, says, cure }) => {
          const [first, ...rest] = safeText(says).split("\n");
          return [
            `${signs[level]} ${first}`,
            ...rest.map((line) => `  ${line}`),
            ...(cure === undefined ? [] : arrow(cure, style)),
          ];
        }),
        "",
        bad === 0
          ? style.good("All is well.")
          : style.bad(bad === 1 ? "One thing needs mending." : `${bad} things need mending.`),
      ],
    );
    return bad === 0 ? exitCodes.ok : exitCodes.failed;
  },
});

async function look(check: Check, session: Session, before: readonly Finding[]): Promise<readonly Finding[]> {
  try {
    return await check.look(session);
  } catch (error) {
    const cure = isMillraceError(error) ? error.cure : undefined;
    // Without a config there is nothing that further checks could look at; the reason was said once.
    if (before.some(({ level, says }) => level === "bad" && says === messageOf(error)))
      return [{ check: check.name, level: "skipped", says: `${check.name}: not looked at, for the same reason` }];
    return [{ check: check.name, level: "bad", says: messageOf(error), cure }];
  }
}
