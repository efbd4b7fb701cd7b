import type { Given, OptionDefinition } from "../command.ts";
import { cliError } from "../errors.ts";
import type { Session } from "../session.ts";

/** What every command takes that changes what is recorded. */
export const askFirstOptions: readonly OptionDefinition[] = [
  { flags: "--dry-run", says: "only show what it concerns" },
  { flags: "-y, --yes", says: "do not ask" },
];

/** How sure somebody is: whether to look, to ask, or to do it at once. */
export type Certainty = "look" | "ask" | "sure";

/** @throws `QUESTION_UNANSWERED` if somebody had to be asked, and there is nobody */
export function certaintyOf(session: Session, given: Given, what: string): Certainty {
  if (given.flag("dryRun")) return "look";
  if (given.flag("yes")) return "sure";
  if (!session.io.canAsk) throw cliError("QUESTION_UNANSWERED", { what });
  return "ask";
}

/** Shows on standard error what is about to happen, and asks. */
export async function isMeant(session: Session, lines: readonly string[], question: string): Promise<boolean> {
  if (lines.length > 0) session.io.err.write(`${lines.join("\n")}\n\n`);
  const answer = await session.io.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  session.note("Nothing was changed.");
  return false;
}
