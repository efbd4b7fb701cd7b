import { createHash } from "node:crypto";
import type { TaskContext } from "../authoring/context.ts";
import { longestKey } from "../authoring/identifiers.ts";
import { awaitEvent } from "../authoring/signals.ts";
import { coreError, shown } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import { instantOf } from "../time/temporal.ts";
import type { Timetable } from "../timetable/timetable.ts";
import { runEndEvent } from "./awaited-events.ts";
import { accessOf } from "./engine-access.ts";
import { runCommand, type ShellCommand } from "./run-command.ts";

/** The function of a `latestOnly` task: true when nothing newer is due. Manual runs and zero-width intervals are always the latest. */
export function latestOnlyTask(schedule: Timetable | null): (context: TaskContext) => boolean {
  return (context) => {
    const { interval, run } = context;
    if (schedule === null || run.type === "manual" || run.type === "triggered") return true;
    if (interval.start.epochMilliseconds === interval.end.epochMilliseconds) return true;
    const now = accessOf(context).clock.now();
    const following = schedule.next({
      lastInterval: interval,
      earliest: null,
      latest: null,
      catchup: true,
      now: instantOf(now),
    });
    if (following === null) return true;
    return now > interval.end.epochMilliseconds && now <= following.interval.end.epochMilliseconds;
  };
}

/** The function of a `trigger` task. */
export function triggerTask(options: {
  readonly dagId: string;
  readonly params: unknown;
  readonly conf: Readonly<Record<string, unknown>> | undefined;
  readonly runId: string | undefined;
  readonly wait: boolean;
}) {
  return async (context: TaskContext): Promise<string> => {
    const { dagId, params, conf, runId, wait } = options;
    const run = await accessOf(context).trigger({
      dagId,
      params,
      conf,
      runId,
      idempotencyKey: shortened(`${context.idempotencyKey}/trigger`),
    });
    if (!wait) return run.runId;
    if (!isRunFinished(run.state)) throw awaitEvent(runEndEvent(run.runNo));
    if (run.state !== "success") throw coreError("TRIGGERED_RUN_FAILED", { dagId, runId: run.runId, state: run.state });
    return run.runId;
  };
}

/** A key of any length as one that a run may have; short ones stay as they are, for people to read. */
function shortened(key: string): string {
  return key.length <= longestKey ? key : createHash("sha256").update(key).digest("hex");
}

/**
 * The function of a `shell` task.
 *
 * @throws `DAG_OPTION_INVALID` when the command does not fit `shell`
 */
export function shellTask(options: ShellCommand & { readonly taskId: string }) {
  const { command, shell, taskId } = options;
  const isList =
    Array.isArray(command) &&
    command.length > 0 &&
    command.every((part) => typeof part === "string" && !part.includes("\0"));
  const isText = typeof command === "string" && command !== "" && !command.includes("\0");
  if (shell ? !isText : !isList) {
    const expected = shell
      ? "with shell: true a command text is needed"
      : "a list of program and arguments is needed; for a shell's own syntax say shell: true";
    throw coreError("DAG_OPTION_INVALID", {
      option: "command",
      where: `task '${taskId}'`,
      value: shown(command),
      expected,
    });
  }
  return async (context: TaskContext): Promise<string> => {
    const ended = await runCommand(options, {
      signal: context.signal,
      clock: accessOf(context).clock,
      onLine: (line, stream) => context.log[stream === "stdout" ? "info" : "warn"](line),
    });
    if (ended.how !== "exit code 0") throw coreError("SHELL_FAILED", { taskId: context.task.id, how: ended.how });
    return ended.lastLine;
  };
}
