import type { XComRead, XComRow } from "../store/contract.ts";

const most = 10_000;

/** The XComs that one attempt has read: each once, at most 10,000. */
export class XComReads {
  readonly #reads = new Map<string, XComRead>();

  note({ taskInstanceNo, key, sizeBytes }: XComRow): void {
    const name = `${taskInstanceNo}/${key}`;
    if (this.#reads.size < most && !this.#reads.has(name)) this.#reads.set(name, { taskInstanceNo, key, sizeBytes });
  }

  get list(): readonly XComRead[] {
    return [...this.#reads.values()];
  }
}
