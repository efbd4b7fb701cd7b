import type { XComKeyUse } from "@millrace/core/engine";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { type Renewed, renewValues } from "../changing/renew-values.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { progressLine } from "../terminal/progress-line.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { keyLines, keyPayload, keyUses, staleOf, valuesText } from "../views/key-view.ts";
import { nameOf } from "../views/task-view.ts";

const mostShown = 20;

export default defineCommand({
  about: [
    "Values stay encrypted with the key that was the first one when they were written. This decrypts those of older keys and encrypts them with the key that is the first one now; what is compressed stays as it is. Tasks may run meanwhile. It can be ended at any time and begun again: what is done is done.",
    "To replace a key: put the new one in front of the old one in the config, restart the engine, run this, and take the old key out when `millrace keys list` does not name it any more.",
  ].join("\n\n"),
  options: askFirstOptions,
  examples: [
    ["millrace keys rotate --dry-run", "see how many values it concerns"],
    ["millrace keys rotate --yes", "write them anew, without a question"],
  ],
  async run(session, given) {
    const core = await session.core();
    const certainty = certaintyOf(session, given, "Rotating keys");
    const before = await keyUses(session, core);
    const isDryRun = certainty === "look";
    if (certainty === "ask" && staleOf(before) > 0) {
      const question = `Write ${valuesText(staleOf(before))} anew with the newest key?`;
      if (!(await isMeant(session, keyLines(before, session), question))) return exitCodes.interrupted;
    }
    const line = progressLine(session);
    const done = await renewValues(session, {
      isDryRun,
      onPage: (seen, renewed) => line.show(`${seen} values looked at, ${renewed} written anew …`),
    }).finally(() => line.end());
    const after = isDryRun ? before : await keyUses(session, core);
    print(session, done, { before, after, isDryRun });
    if (!done.isWhole) return exitCodes.interrupted;
    return done.failed.length > 0 ? exitCodes.failed : exitCodes.ok;
  },
});

function print(
  session: Session,
  { seen, renewed, overtaken, failed, by, isWhole }: Renewed,
  {
    before,
    after,
    isDryRun,
  }: {
    readonly before: readonly XComKeyUse[];
    readonly after: readonly XComKeyUse[];
    readonly isDryRun: boolean;
  },
): void {
  const failures = failed.map(({ address: { dagId, runId, taskId, mapIndex, key }, code }) => ({
    ...{ dag: dagId, run: runId, task: taskId, mapIndex, key },
    code,
  }));
  session.print(
    { dryRun: isDryRun, complete: isWhole, seen, renewed, overtaken, failed: failures, keys: after.map(keyPayload) },
    () => [
      ...keyLines(after, session),
      ...(after.length === 0 ? [] : [""]),
      isDryRun ? `${valuesText(renewed)} would be written anew.` : `${valuesText(renewed)} written anew.`,
    ],
  );
  for (const { address, code } of failed.slice(0, mostShown))
    session.warn(
      safeLine(`${address.dagId} ${address.runId} ${nameOf(address)} ${address.key} stays as it is: ${code}`),
    );
  if (failed.length > mostShown) session.warn(`${valuesText(failed.length - mostShown)} more stay as they are.`);
  if (!isWhole) session.note("It was interrupted. Run it again to go on.");
  if (isDryRun) return;
  const left = new Set(after.map(({ part, keyId }) => `${part} ${keyId}`));
  const free = before.filter(({ part, keyId }) => !left.has(`${part} ${keyId}`)).map(({ keyId }) => keyId);
  if (free.length > 0)
    session.note(
      `No value needs ${free.length === 1 ? "this key" : "these keys"} any more: ${safeLine(free.join(", "))}`,
    );
  if (isWhole && by === "engine" && renewed === 0 && failed.length === 0 && staleOf(after) > 0)
    session.warn(
      "The engine that is running has other keys than this config, and finds nothing to be written anew.",
      "Restart it, then run this again.",
    );
  else if (isWhole && staleOf(after) > failed.length)
    session.note(`${valuesText(staleOf(after) - failed.length)} of an old key came meanwhile. Run it again.`);
}
