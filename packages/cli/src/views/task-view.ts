import type { StoredError, TaskInstanceRow, TaskState } from "@millrace/core/plugin";
import type { Core } from "../session.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Style } from "../terminal/style.ts";
import type { Column } from "../terminal/table.ts";
import { durationOf, durationText, iso } from "./run-view.ts";

/** Most failures that are told in full. */
const mostFailures = 10;

/** The states of a task, for options. */
export const taskStates: readonly TaskState[] = [
  "scheduled",
  "queued",
  "running",
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "up_for_retry",
  "up_for_reschedule",
  "waiting",
  "removed",
  "cancelled",
];

/** A task instance as `-o json` prints it. */
export function taskPayload(task: TaskInstanceRow): Record<string, unknown> {
  return {
    task: task.taskId,
    mapIndex: task.mapIndex,
    state: task.state,
    attempts: task.attempt,
    uncounted: task.uncounted,
    crashes: task.crashes,
    startedAt: iso(task.startedAt),
    endedAt: iso(task.endedAt),
    durationMs: durationOf(task),
    wakeAt: iso(task.wakeAt),
    awaits: task.awaits,
    reason: task.reason,
    error: errorOf(task),
  };
}

/** What a person needs to know of one task in a list. */
export type TaskLine = Pick<
  TaskInstanceRow,
  "taskId" | "mapIndex" | "state" | "attempt" | "startedAt" | "endedAt" | "reason" | "error"
>;

/** @param options - `withErrors`: the message of an error stands in the table, for lists without {@link failureLines} */
export function taskColumns(style: Style, core: Core, options: { readonly withErrors: boolean }): Column<TaskLine>[] {
  return [
    { title: "task", cell: (task) => nameOf(task), flexible: true },
    {
      title: "state",
      cell: (task) => `${style.sign(task.state)} ${task.state}`,
      paint: (text, task) => style.inStateColor(task.state, text),
    },
    { title: "attempts", cell: (task) => (task.attempt === 0 ? "" : String(task.attempt)), align: "right" },
    { title: "took", cell: (task) => durationText(task, core), align: "right" },
    {
      title: "why",
      cell: (task) => task.reason ?? (options.withErrors ? messageLine(task) : ""),
      paint: (text) => style.dim(text),
      flexible: true,
    },
  ];
}

/** `extract`, or `load[3]` for an element of a mapped task. */
export function nameOf(task: { readonly taskId: string; readonly mapIndex: number }): string {
  return task.mapIndex < 0 ? task.taskId : `${task.taskId}[${task.mapIndex}]`;
}

export function errorOf(task: { readonly error: string | null }): StoredError | null {
  return task.error === null ? null : (JSON.parse(task.error) as StoredError);
}

/** What went wrong, in full: for below a table. Elements of a task that failed alike are told once. */
export function failureLines(
  tasks: readonly TaskLine[],
  style: Style,
  options: { readonly withStack: boolean },
): string[] {
  const alike = new Map<string, TaskLine[]>();
  for (const task of tasks) {
    if (task.error === null || (task.state !== "failed" && task.state !== "up_for_retry")) continue;
    const key = `${task.taskId}\n${errorOf(task)?.message}`;
    alike.set(key, [...(alike.get(key) ?? []), task]);
  }
  const shown = [...alike.values()].slice(0, mostFailures);
  const lines = shown.flatMap(([task, ...others]) => {
    const error = errorOf(task) as StoredError;
    const [first, ...rest] = safeText(error.message).split("\n");
    const code = error.code === undefined ? "" : ` ${style.dim(`(${safeText(error.code)})`)}`;
    const name = `${nameOf(task)}${others.length > 0 ? ` and ${others.length} more alike` : ""}`;
    const kind = error.name === "Error" || error.name === "MillraceError" ? "" : `${safeText(error.name)}: `;
    return [
      "",
      `${style.bad("✗")} ${style.bold(name)}: ${kind}${first}${code}`,
      ...rest.map((line) => `  ${line}`),
      ...(options.withStack ? stackLines(error, style) : placeLine(error, style)),
    ];
  });
  if (alike.size > shown.length) lines.push("", style.dim(`… and ${alike.size - shown.length} more failures`));
  return lines;
}

function stackLines(error: StoredError, style: Style): string[] {
  const frames = safeText(error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line));
  return frames.map((line) => style.dim(line));
}

/** The first line of a stack that lies in a file of the user. */
function placeLine(error: StoredError, style: Style): string[] {
  const frame = error.stack
    ?.split("\n")
    .find(
      (line) =>
        /^\s+at .*(?:file:\/\/|\/)/.test(line) && !/node_modules|node:internal|\/packages\/core\/|@millrace/.test(line),
    );
  return frame === undefined ? [] : [style.dim(`  ${safeText(frame.trim()).replace("file://", "")}`)];
}

function messageLine(task: TaskLine): string {
  const error = errorOf(task);
  return error === null ? "" : error.message;
}
