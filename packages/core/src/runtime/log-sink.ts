import type { LineMemory, Masker } from "../masking/masker.ts";
import type { AppendLogs, LogLevel, LogLine } from "../store/contract.ts";

/** The attempt that a line is of. A job is one. */
export interface LogAuthor {
  readonly taskInstanceNo: number;
  readonly attempt: number;
  readonly mapIndex: number;
  readonly task: { readonly id: string };
  readonly run: { readonly runId: string; readonly dag: { readonly id: string } };
}

/** A line that a task has logged or printed. */
export interface TaskLine extends LogLine {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly attempt: number;
}

/** Lines of running attempts on their way to the store: written with the next group, at the latest a quarter of a second after they came. */
export class LogSink {
  readonly #pending = new Map<
    string,
    { readonly taskInstanceNo: number; readonly attempt: number; lines: LogLine[] }
  >();
  readonly #onFirst: () => void;
  readonly #onLine: ((line: TaskLine) => void) | undefined;
  readonly #masker: Masker;
  /** Of each attempt by level, which keeps what it prints to its two streams apart. */
  readonly #memories = new WeakMap<LogAuthor, Partial<Record<LogLevel, LineMemory>>>();

  /**
   * @param onFirst - called when the sink has something to write after it had nothing
   * @param onLine - told each line as it comes; its faults are its own
   */
  constructor(onFirst: () => void, masker: Masker, onLine?: (line: TaskLine) => void) {
    this.#onFirst = onFirst;
    this.#masker = masker;
    this.#onLine = onLine;
  }

  write(author: LogAuthor, given: LogLine): void {
    const { taskInstanceNo, attempt, mapIndex, task, run } = author;
    const line = this.#masker.isActive ? this.#masked(author, given) : given;
    this.add(taskInstanceNo, attempt, line);
    try {
      this.#onLine?.({ ...line, dagId: run.dag.id, runId: run.runId, taskId: task.id, mapIndex, attempt });
    } catch {
      // Whoever looks on must not harm the task.
    }
  }

  #masked(author: LogAuthor, line: LogLine): LogLine {
    const { level, message, fields } = line;
    const memories = this.#memories.get(author) ?? {};
    this.#memories.set(author, memories);
    memories[level] ??= {};
    return {
      ...line,
      message: this.#masker.maskLine(message, memories[level]),
      fields: fields === null ? null : this.#masker.maskJson(fields, "everything"),
    };
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
