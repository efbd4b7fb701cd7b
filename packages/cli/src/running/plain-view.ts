import type { EngineEvent } from "@millrace/core/engine";
import type { Core, Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { instantText } from "../terminal/show-time.ts";
import { runLineText } from "../views/log-line.ts";
import { nameOf } from "../views/task-view.ts";
import type { RunView } from "./run-view-of-session.ts";

/** A line per change, for logs and pipes. It stays readable when several runs write to one log. */
export function plainView(session: Session, core: Core): RunView {
  const { errStyle: style, io } = session;
  const started = new Map<string, number>();
  return {
    show(event, task) {
      if (!task || event.kind === "task.scheduled" || event.kind === "task.queued") return;
      const state = event.kind.slice("task.".length);
      const name = nameOf({ taskId: task.taskId, mapIndex: event.mapIndex ?? -1 });
      if (state === "running") started.set(name, event.at);
      const since = started.get(name);
      const took = state === "running" || since === undefined ? "" : `  ${core.formatDuration(event.at - since)}`;
      const attempt = (event.attempt ?? 1) > 1 ? style.dim(`  attempt ${event.attempt}`) : "";
      io.err.write(
        `${style.dim(instantText(event.at, true).slice(11))}  ${style.state(state).padEnd(style.hasColor ? 20 : 11)}  ${name}${took}${attempt}${style.dim(whyOf(event))}\n`,
      );
    },
    line: (line) => io.err.write(`${runLineText(line, style)}\n`),
    message: (text) => io.err.write(`${text}\n`),
    end: () => undefined,
  };
}

function whyOf(event: EngineEvent): string {
  const data = event.data as { readonly reason?: string; readonly error?: { readonly message?: string } } | undefined;
  const why = data?.reason ?? data?.error?.message;
  return why === undefined ? "" : `  ${safeLine(why)}`;
}
