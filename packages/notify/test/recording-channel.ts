import type { NotifyChannel, NotifyMessage } from "../src/index.ts";

/** A channel that keeps what it is sent, and fails as long as it is told to. */
export interface RecordingChannel extends NotifyChannel {
  readonly messages: NotifyMessage[];
  readonly titles: readonly string[];
  /** Attempts to send, good or bad. */
  readonly attempts: number;
  /** What the next attempts fail with; `undefined`: they do not. */
  fault: unknown;
}

export function recordingChannel(fault?: unknown): RecordingChannel {
  const messages: NotifyMessage[] = [];
  let attempts = 0;
  return {
    name: "recording",
    messages,
    fault,
    get titles() {
      return messages.map(({ title }) => title);
    },
    get attempts() {
      return attempts;
    },
    async send(message) {
      attempts++;
      if (this.fault !== undefined) throw this.fault;
      messages.push(message);
    },
  };
}
