import type { TaskLog } from "@millrace/core";
import type { World } from "../world.ts";

type Listening = Pick<World, "webhookUrl" | "answerWithinMs">;

/** Sends a line to the webhook. With nobody there to listen, nothing is sent. */
export async function postToPeople(world: Listening, text: string, signal: AbortSignal): Promise<void> {
  const url = world.webhookUrl();
  if (url === undefined) return;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(world.answerWithinMs)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answers with status ${response.status}`);
}

/** The same for a task: a message that cannot be sent fails nothing, it stands in the log. */
export async function tellPeople(world: Listening, text: string, log: TaskLog, signal: AbortSignal): Promise<void> {
  try {
    await postToPeople(world, text, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn("the message was not sent", { text, why: error instanceof Error ? error.message : String(error) });
  }
}
