import type { AppendLogs, LogLine } from "../store/contract.ts";

/** Lines of running attempts on their way to the store: written with the next group, at the latest a quarter of a second after they came. */
export class LogSink {
  readonly #pending = new Map<
    string,
    { readonly taskInstanceNo: number; readonly attempt: number; lines: LogLine[] }
  >();
  readonly #onFirst: () => void;

  /** @param onFirst - called when the sink has something to write after it had nothing */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  add(taskInstanceNo: number, attempt: number, line: LogLine): void {
    const key = `${taskInstanceNo}/${attempt}`;
    const entry = this.#pending.get(key);
    if (entry) {
      entry.lines.push(line);
      return;
    }
    const isFirst = this.#pending.size === 0;
    this.#pending.set(key, { taskInstanceNo, attempt, lines: [line] });
    if (isFirst) this.#onFirst();
  }

  /** What is to be written; the sink is empty afterwards. */
  drain(): AppendLogs[] {
    if (this.#pending.size === 0) return [];
    const changes = [...this.#pending.values()].map(
      ({ taskInstanceNo, attempt, lines }): AppendLogs => ({ kind: "appendLogs", taskInstanceNo, attempt, lines }),
    );
    this.#pending.clear();
    return changes;
  }

  /** Takes back what could not be written: it stands before what has come since. */
  restore(changes: readonly AppendLogs[]): void {
    for (const { taskInstanceNo, attempt, lines } of [...changes, ...this.drain()])
      for (const line of lines) this.add(taskInstanceNo, attempt, line);
  }
}
