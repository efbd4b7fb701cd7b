import { Buffer } from "node:buffer";
import type { TaskLog } from "../../authoring/context.ts";
import type { LogLevel, LogLine } from "../../store/contract.ts";

const mostLines = 10_000;
const mostBytes = 1_048_576;

/** Characters of a message; what is longer is cut and says so. */
export const longestMessage = 65_536;

/** The log of one attempt, to which what it prints goes as well. */
export interface AttemptLog extends TaskLog {
  /** What comes now is left out: it need not even be formatted. */
  readonly isFull: boolean;
}

/** The log of one attempt: at most 10,000 lines and 1 MiB, then one line that says so. */
export function attemptLog(now: () => number, write: (line: LogLine) => void, onDrop: () => void): AttemptLog {
  let lines = 0;
  let bytes = 0;
  let isFull = false;
  const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (isFull) return onDrop();
    const line = {
      at: now(),
      level,
      message: textOf(message),
      fields: fields === undefined ? null : fieldsText(fields),
    };
    lines++;
    bytes += line.message.length + (line.fields?.length ?? 0);
    write(line);
    isFull = lines >= mostLines || bytes >= mostBytes;
    if (isFull)
      write({
        at: now(),
        level: "warn",
        message: `[the rest of this attempt's log is left out: it has ${mostLines} lines or ${mostBytes} bytes]`,
        fields: null,
      });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    get isFull() {
      return isFull;
    },
  };
}

function textOf(message: unknown): string {
  const text = String(message);
  if (text.length <= longestMessage) return text;
  // A copy: a piece of a text keeps the whole of it in memory.
  return `${Buffer.from(text.slice(0, longestMessage)).toString()} … [cut]`;
}

function fieldsText(fields: unknown): string {
  try {
    const text = JSON.stringify(fields, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    return text.length > longestMessage ? JSON.stringify({ _cut: `${text.length} characters` }) : text;
  } catch {
    return JSON.stringify({ _unreadable: true });
  }
}
