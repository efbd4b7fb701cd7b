import type { Message } from "./messages.ts";

/** What has come in and is not worked in yet, in order. */
export class Inbox {
  #messages: Message[] = [];
  /** An operation may be among them. */
  #mayHoldOperation = false;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  add(message: Message): void {
    this.#messages.push(message);
    if (message.kind === "operate") this.#mayHoldOperation = true;
  }

  /** Puts them before all that has come in meanwhile. */
  addFirst(messages: readonly Message[]): void {
    this.#messages = [...messages, ...this.#messages];
    this.#mayHoldOperation = true;
  }

  /** What the next tick works in: everything, but an operation comes alone. */
  take(): readonly Message[] {
    const messages = this.#messages;
    const first = this.#mayHoldOperation ? messages.findIndex(({ kind }) => kind === "operate") : -1;
    if (first < 0) {
      this.#mayHoldOperation = false;
      this.#messages = [];
      return messages;
    }
    this.#messages = messages.splice(Math.max(first, 1));
    return messages;
  }

  /** Everything, at once. */
  takeAll(): readonly Message[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
