import type { NotifyKind } from "@millrace/core/plugin";

/** A line of a message: what it is, and its value. Plain text of one line, without control characters. */
export interface NotifyFact {
  readonly name: string;
  readonly value: string;
}

/** What is told: plain data. It holds ids, states, times and durations, and no value of a parameter or of an XCom. */
export interface NotifyMessage {
  /** The same when it is sent again, so that a receiver can tell. */
  readonly id: string;
  readonly kind: NotifyKind | "test";
  /** When it happened: milliseconds since the epoch. */
  readonly at: number;
  /** One line. */
  readonly title: string;
  readonly facts: readonly NotifyFact[];
  /** Where more of it can be seen, if the notifier knows a base address. */
  readonly link?: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly backfillId?: string;
  /** How often the same has happened since it was told, for a message that says so. */
  readonly repeats?: number;
  /** Older messages for the channel that were left out, because too many waited. */
  readonly omitted?: number;
}

/** What a channel is given besides the message. */
export interface NotifySending {
  /** Aborts when it takes too long, or the engine stops. */
  readonly signal: AbortSignal;
}

/**
 * A way to tell people: a plain object. `mail` and `webhook` make one; your own needs no more than `send`.
 *
 * `send` resolves when the receiver has taken the message. What it rejects with has it tried again later; an error with the
 * code `NOTIFY_MESSAGE_REFUSED` drops the message, and `retryAfterSeconds` among an error's `values` says when to try again.
 */
export interface NotifyChannel {
  /** Shown in messages to the operator: what it is, without anything secret. */
  readonly name?: string;
  send(message: NotifyMessage, sending: NotifySending): Promise<void>;
  /** Looks whether messages could be sent, and sends none. Rejects with what is wrong. */
  check?(sending: NotifySending): Promise<void>;
}
