import type { LogRow } from "@millrace/core/plugin";
import { safeText } from "../terminal/safe-text.ts";
import { instantText } from "../terminal/show-time.ts";
import type { Style } from "../terminal/style.ts";
import { nameOf } from "./task-view.ts";

/** What a line of a task's log is shown from. */
interface ShownLine extends Pick<LogRow, "at" | "level" | "message" | "fields" | "attempt"> {
  readonly taskId: string;
  readonly mapIndex: number;
}

/** A line of a log, for people. */
export function lineText(log: ShownLine, style: Style, withTask: boolean): string {
  const level = levelText(log.level, style);
  const who = withTask
    ? `${style.accent(nameOf(log))}${log.attempt > 1 ? style.dim(`#${log.attempt}`) : ""}  `
    : log.attempt > 1
      ? style.dim(`#${log.attempt}  `)
      : "";
  return `${style.dim(instantText(log.at, true))}  ${level}  ${who}${saying(log, style)}`;
}

/** The same beside the progress of a run: no date. */
export function runLineText(log: ShownLine, style: Style): string {
  const time = style.dim(instantText(log.at, true).slice(11));
  return `${time}  ${levelText(log.level, style)}        ${style.accent(nameOf(log))}  ${saying(log, style)}`;
}

function levelText(level: LogRow["level"], style: Style): string {
  const text = level.padEnd(5);
  return level === "error" ? style.bad(text) : level === "warn" ? style.warn(text) : style.dim(text);
}

function saying({ message, fields }: ShownLine, style: Style): string {
  const more = fields === null ? "" : `  ${style.dim(safeText(fields))}`;
  return `${safeText(message).replaceAll("\n", "\n    ")}${more}`;
}
