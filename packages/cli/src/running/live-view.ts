import { isFinished } from "@millrace/core/plugin";
import { createLogUpdate } from "log-update";
import type { Core, Session } from "../session.ts";
import type { Output } from "../terminal/io.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Style } from "../terminal/style.ts";
import { cutTo } from "../terminal/table.ts";
import { runLineText } from "../views/log-line.ts";
import { endedElements, type RunProgress, type TaskProgress } from "./run-progress.ts";
import type { RunView } from "./run-view-of-session.ts";

const frameMs = 100;
const cursor = { hide: "\u001b[?25l", show: "\u001b[?25h" } as const;
const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const barCells = 24;

/** A picture of the run that is drawn anew in place: a bar for the whole, a line per task, as many as fit. */
export function liveView(session: Session, core: Core, progress: RunProgress): RunView {
  const { errStyle: style, io } = session;
  // The cursor is hidden here: the library would do it on the process's own stream.
  const update = createLogUpdate(streamOf(io.err), { showCursor: true });
  const showCursor = (): void => io.err.write(cursor.show);
  io.err.write(cursor.hide);
  process.once("exit", showCursor);
  let frame = 0;
  /** What is to stand above the picture from now on. */
  let above = "";
  const writeAbove = (): void => {
    if (above === "") return;
    update.clear();
    io.err.write(above.endsWith("\n") ? above : `${above}\n`);
    above = "";
  };
  const draw = (): void => {
    const { columns = 80, rows = 24 } = io.err;
    const spin = spinner[frame++ % spinner.length];
    writeAbove();
    update(
      frameLines(progress, { style, core, now: session.now(), spin, columns: columns - 1, rows: rows - 1 }).join("\n"),
    );
  };
  const timer = setInterval(draw, frameMs);
  // What tasks print would tear the picture.
  const release = io.onForeignOutput((text) => {
    above += safeText(text);
  });
  return {
    show: () => undefined,
    line(line) {
      above += `${runLineText(line, style)}\n`;
    },
    message(text) {
      above += `${text}\n`;
      draw();
    },
    end() {
      release();
      clearInterval(timer);
      writeAbove();
      update.clear();
      update.done();
      process.off("exit", showCursor);
      showCursor();
    },
  };
}

interface FrameOptions {
  readonly style: Style;
  readonly core: Core;
  readonly now: number;
  readonly spin: string;
  readonly columns: number;
  readonly rows: number;
}

/** The lines of one frame; never more than there are rows. */
export function frameLines(progress: RunProgress, options: FrameOptions): string[] {
  const { style, core, now, columns, rows } = options;
  const { ended } = progress;
  const total = progress.tasks.size;
  const took = progress.startedAt === undefined ? "" : core.formatDuration(Math.max(0, now - progress.startedAt));
  const head = `${style.bold(progress.dagId)}  ${bar(ended, total, style)}  ${ended}/${total}  ${style.dim(took)}`;
  const room = Math.max(1, rows - 3);
  const all = [...progress.tasks.values()];
  const shown = all.length <= room ? all : mostTelling(all, room - 1);
  const nameWidth = Math.min(Math.max(12, ...shown.map(({ taskId }) => taskId.length)), Math.max(12, columns - 30));
  const lines = shown.map((task) => taskLine(task, nameWidth, options));
  if (shown.length < all.length)
    lines.push(style.dim(cutTo(`  … ${all.length - shown.length} more: ${countsText(progress)}`, columns)));
  return [head, ...lines];
}

function taskLine(task: TaskProgress, nameWidth: number, { style, core, now, spin }: FrameOptions): string {
  const isRunning = task.state === "running";
  const sign = isRunning ? spin : style.sign(task.state);
  const name = cutTo(task.taskId, nameWidth).padEnd(nameWidth);
  const elements = task.elements ? `${endedElements(task.elements)}/${task.elements.total}` : "";
  const took =
    task.startedAt === undefined ? "" : core.formatDuration(Math.max(0, (task.endedAt ?? now) - task.startedAt));
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : "";
  const state = task.state === "scheduled" || task.state === "success" || isRunning ? "" : task.state;
  const rest = [elements, took, state, attempt].filter((text) => text !== "").join("  ");
  return `  ${style.inStateColor(task.state, sign)} ${task.state === "scheduled" ? style.dim(name) : name}  ${style.dim(rest)}`.trimEnd();
}

/** Running and troubled tasks first, then those that ended last; in the order of the DAG. */
function mostTelling(tasks: readonly TaskProgress[], room: number): readonly TaskProgress[] {
  const rank = (task: TaskProgress): number => {
    if (task.state === "running" || task.state === "up_for_retry") return 0;
    if (task.state === "failed") return 1;
    if (isFinished(task.state)) return 2;
    return 3;
  };
  const chosen = new Set(
    tasks.toSorted((a, b) => rank(a) - rank(b) || (b.endedAt ?? 0) - (a.endedAt ?? 0)).slice(0, Math.max(0, room)),
  );
  return tasks.filter((task) => chosen.has(task));
}

function bar(done: number, total: number, style: Style): string {
  const full = total === 0 ? 0 : Math.floor((done / total) * barCells);
  return style.accent("━".repeat(full)) + style.dim("━".repeat(barCells - full));
}

function countsText(progress: RunProgress): string {
  return [...progress.counts].flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : [])).join(", ");
}

/** What log-update needs of a stream. */
function streamOf(output: Output): NodeJS.WriteStream {
  const stream = {
    write: (text: string) => {
      output.write(text);
      return true;
    },
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    isTTY: output.isTerminal,
  };
  return stream as unknown as NodeJS.WriteStream;
}
