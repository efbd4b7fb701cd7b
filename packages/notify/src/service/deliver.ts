import type { Clock } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import type { NotifyChannel, NotifyMessage, NotifySending } from "../message.ts";
import { safeLine } from "../text/safe-line.ts";

/** How one message is sent. */
export interface Delivery {
  /** Gives up at once. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly sendTimeoutMs: number;
}

/**
 * Sends a message by a channel, within a time limit also if the channel heeds no signal.
 *
 * @throws `NOTIFY_TIMEOUT`, the reason of an aborted signal, what the channel rejects with
 */
export function deliver(channel: NotifyChannel, message: NotifyMessage, delivery: Delivery): Promise<void> {
  return limited(channel, delivery, (sending) => channel.send(message, sending));
}

/** Has a channel do something within the time limit. */
export async function limited(
  { name = "The channel" }: NotifyChannel,
  { signal, clock, sendTimeoutMs }: Delivery,
  act: (sending: NotifySending) => Promise<void> | undefined,
): Promise<void> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const over = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const both = AbortSignal.any([signal, limit.signal]);
  both.addEventListener("abort", () => reject(both.reason), { once: true });
  aborted.catch(() => undefined);
  void clock.sleep(sendTimeoutMs, over.signal).then(() => {
    if (over.signal.aborted) return;
    limit.abort(notifyError("NOTIFY_TIMEOUT", { where: safeLine(name), seconds: sendTimeoutMs / 1_000 }));
  });
  try {
    await Promise.race([Promise.resolve().then(() => act({ signal: both })), aborted]);
  } finally {
    over.abort();
  }
}
