import type { TaskLog } from "../authoring/context.ts";
import type { AppendLogs, LogLevel, LogLine } from "../store/contract.ts";

const mostLines = 10_000;
const mostBytes = 1_048_576;
const longestMessage = 65_536;

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

/** The log of one attempt: at most 10,000 lines and 1 MiB, then one line that says so. */
export function attemptLog(now: () => number, write: (line: LogLine) => void): TaskLog {
  let lines = 0;
  let bytes = 0;
  const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (lines > mostLines || bytes > mostBytes) return;
    const line = {
      at: now(),
      level,
      message: textOf(message),
      fields: fields === undefined ? null : fieldsText(fields),
    };
    lines++;
    bytes += line.message.length + (line.fields?.length ?? 0);
    write(line);
    if (lines > mostLines || bytes > mostBytes)
      write({
        at: now(),
        level: "warn",
        message: `[the rest of this attempt's log is left out: more than ${mostLines} lines or ${mostBytes} bytes]`,
        fields: null,
      });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function textOf(message: unknown): string {
  const text = String(message);
  return text.length > longestMessage ? `${text.slice(0, longestMessage)} … [cut]` : text;
}

function fieldsText(fields: unknown): string {
  try {
    const text = JSON.stringify(fields, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    return text.length > longestMessage ? JSON.stringify({ _cut: `${text.length} characters` }) : text;
  } catch {
    return JSON.stringify({ _unreadable: true });
  }
}
