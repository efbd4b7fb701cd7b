import type { EngineEvent, TaskLine } from "@millrace/core/engine";
import type { Session } from "../session.ts";
import type { RunProgress, TaskProgress } from "./run-progress.ts";

/** Shows a run while it goes on. It writes to standard error only. */
export interface RunView {
  show(event: EngineEvent, task: TaskProgress | undefined): void;
  /** What a task logs or prints. */
  line(line: TaskLine): void;
  /** A line that stays. */
  message(text: string): void;
  end(): void;
}

/** The view that fits: a moving one on a terminal, lines elsewhere, none with `--quiet`. */
export async function viewOf(session: Session, progress: RunProgress): Promise<RunView> {
  const core = await session.core();
  if (session.options.quiet)
    return {
      show: () => undefined,
      line: () => undefined,
      message: (text) => session.io.err.write(`${text}\n`),
      end: () => undefined,
    };
  const { err, env } = session.io;
  if (err.isTerminal && env.TERM !== "dumb" && (env.CI ?? "") === "") {
    const { liveView } = await import("./live-view.ts");
    return liveView(session, core, progress);
  }
  const { plainView } = await import("./plain-view.ts");
  return plainView(session, core);
}
