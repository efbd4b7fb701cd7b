import type { RunAnswer } from "@millrace/core/engine";
import { messageOf } from "@millrace/core/plugin";
import { exitCodes } from "../exit-codes.ts";
import { askEngine, type CommandRequest } from "../operate.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { watchRun } from "./watch-run.ts";

type Trigger = Extract<CommandRequest, { readonly operation: "trigger" }>;

/** `millrace run` where an engine works on the store: that makes the run, and this shows it. Ctrl-C asks it to cancel. */
export async function runBeside(
  session: Session,
  request: Omit<Trigger, "operation">,
  locked: unknown,
): Promise<number> {
  const { dagId } = request;
  const { runNo, runId } = await askEngine<RunAnswer>(session, { operation: "trigger", ...request }, locked);
  return watchRun(session, runNo, (interrupts, message) => {
    if (interrupts > 1) return session.io.exit(exitCodes.interrupted);
    message(session.errStyle.warn("Asking the engine to cancel the run; once more to leave it alone."));
    askEngine(session, { operation: "cancel", dagId, runId, reason: "interrupted" }, locked).catch((error: unknown) =>
      message(`${session.errStyle.bad("✗")} ${safeLine(messageOf(error))}`),
    );
  });
}
