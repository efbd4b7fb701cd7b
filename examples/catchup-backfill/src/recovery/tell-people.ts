import type { TaskLog } from "@millrace/core";
import type { World } from "../world.ts";

/** Sends a line to the webhook, if there is one. A message that cannot be sent fails nothing: it stands in the log. */
export async function tellPeople(world: World, text: string, log: TaskLog, signal: AbortSignal): Promise<void> {
  const url = world.webhookUrl();
  if (url === undefined) return log.info(`nobody to tell: ${text}`);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(world.answerWithinMs)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch (error) {
    log.warn("the message was not sent", { text, why: error instanceof Error ? error.message : String(error) });
  }
}
