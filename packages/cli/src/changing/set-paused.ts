import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import type { Session } from "../session.ts";

/** Pauses a DAG, or ends that. */
export async function setPaused(session: Session, dagId: string, operation: "pause" | "unpause"): Promise<number> {
  (await session.core()).checkDagId(dagId);
  const { answer } = await operate<{ readonly paused: boolean }>(session, { operation, dagId });
  session.print({ dag: dagId, paused: answer.paused }, () => [
    `${session.style.bold(dagId)} is ${answer.paused ? "paused" : "not paused"}`,
  ]);
  return exitCodes.ok;
}
