import type { TaskLog } from "../../authoring/context.ts";
import type { LogLevel, LogLine } from "../../store/contract.ts";
import { fieldsText, messageText } from "./log-text.ts";

const mostLines = 10_000;
const mostBytes = 1_048_576;

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
      message: messageText(message),
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
