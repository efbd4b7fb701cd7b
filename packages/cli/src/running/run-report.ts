import type { RunOutcome, TaskInstanceResult, TaskResult } from "@millrace/core/engine";
import type { Core, Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { tableLines } from "../terminal/table.ts";
import { iso } from "../views/run-view.ts";
import { failureLines, type TaskLine, taskColumns } from "../views/task-view.ts";

/** More tasks than this are summed up instead of listed one by one; those in trouble are listed all the same. */
const mostListed = 200;

/** The result of a run as `-o json` prints it. */
export function resultPayload(result: RunOutcome): Record<string, unknown> {
  return {
    dag: result.dagId,
    run: result.runId,
    state: result.state,
    note: result.note,
    summary: result.summary,
    ...timesOf(result),
    tasks: Object.fromEntries(Object.entries(result.tasks).map(([taskId, task]) => [taskId, taskPayload(task)])),
  };
}

/** The table of tasks, what went wrong, and the line that says how it ended. */
export function resultLines(result: RunOutcome, session: Session, core: Core): string[] {
  const { style, io } = session;
  const lines = Object.entries(result.tasks).flatMap(([taskId, task]) => linesOf(taskId, task));
  const listed =
    lines.length <= mostListed ? lines : lines.filter(({ state }) => state !== "success").slice(0, mostListed);
  const table =
    listed.length === 0
      ? []
      : tableLines(listed, taskColumns(style, core, { withErrors: false }), style, io.out.columns);
  const { durationMs } = timesOf(result);
  const took = durationMs === null ? "" : ` in ${core.formatDuration(durationMs)}`;
  const note = result.note === null ? "" : `, ${safeLine(result.note)}`;
  return [
    ...table,
    ...(listed.length < lines.length ? [style.dim(`… and ${lines.length - listed.length} more that succeeded`)] : []),
    ...failureLines(lines, style, { withStack: session.options.debug }),
    "",
    `${style.inStateColor(result.state, `${style.sign(result.state)} ${result.state}`)}${note}${style.dim(`${took}  ·  ${result.dagId}  ${result.runId}`)}`,
  ];
}

function linesOf(taskId: string, task: TaskResult): TaskLine[] {
  if (task.instances.length <= 1) return [lineOf(taskId, -1, task)];
  const troubled = task.instances.flatMap((instance, mapIndex) =>
    instance.state === "success" ? [] : [lineOf(taskId, mapIndex, instance)],
  );
  const whole = lineOf(`${taskId} (${task.instances.length} elements)`, -1, task);
  return [{ ...whole, error: null }, ...troubled];
}

/** A line of the table of tasks. */
export function lineOf(taskId: string, mapIndex: number, task: TaskInstanceResult): TaskLine {
  return {
    taskId,
    mapIndex,
    state: task.state,
    attempt: task.attempts,
    startedAt: task.startedAt?.epochMilliseconds ?? null,
    endedAt: task.endedAt?.epochMilliseconds ?? null,
    reason: task.reason,
    error: task.error === null ? null : JSON.stringify(task.error),
  };
}

function taskPayload(task: TaskResult): Record<string, unknown> {
  return {
    ...instancePayload(task),
    ...(task.instances.length > 1 && { instances: task.instances.map(instancePayload) }),
  };
}

function instancePayload(task: TaskInstanceResult): Record<string, unknown> {
  return { state: task.state, attempts: task.attempts, ...timesOf(task), reason: task.reason, error: task.error };
}

function timesOf({ startedAt, endedAt }: Pick<TaskInstanceResult, "startedAt" | "endedAt">): {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
} {
  const [start, end] = [startedAt?.epochMilliseconds ?? null, endedAt?.epochMilliseconds ?? null];
  return { startedAt: iso(start), endedAt: iso(end), durationMs: start === null || end === null ? null : end - start };
}
