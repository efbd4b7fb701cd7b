import { isFinished, type LogRow, type Store, type TaskInstanceRow } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { lineText } from "../views/log-line.ts";
import { findRun, iso } from "../views/run-view.ts";

const pageSize = 1_000;
const followEveryMs = 300;

export default defineCommand({
  about:
    "One line per log entry: what the task logged, and what it printed. Of a mapped task all elements unless --map-index names one.",
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "<run>", says: "id of the run, or 'latest'", completes: "run" },
    { name: "[task]", says: "id of the task (default: every task of the run)", completes: "task" },
  ],
  options: [
    { flags: "--map-index <n>", says: "only this element of a mapped task", parse: wholeNumber(0, 1_000_000) },
    { flags: "--attempt <n>", says: "only this attempt", parse: wholeNumber(1, 1_000_000) },
    { flags: "-f, --follow", says: "go on until the tasks have ended" },
  ],
  examples: [
    ["millrace tasks logs hello latest greet", "what 'greet' logged in the newest run"],
    ["millrace tasks logs hello latest -f", "every task, while they run"],
  ],
  async run(session, given) {
    if (session.isJson && given.flag("follow")) {
      throw cliError("USAGE_INVALID", {
        what: "--follow and -o json exclude each other",
        command: "millrace tasks logs",
      });
    }
    const core = await session.core();
    const [dagId, runId, taskId] = [given.text("dag"), given.text("run"), given.textOr("task", undefined)];
    core.checkDagId(dagId);
    core.checkRunId(runId);
    if (taskId !== undefined) core.checkTaskPath(taskId);
    const store = await session.neededReader();
    const run = await findRun(store, core, dagId, runId);
    const mapIndex = given.value<number>("mapIndex");
    const find = async (): Promise<readonly TaskInstanceRow[]> =>
      (await store.tasks.ofRun(run.runNo)).filter(
        (task) =>
          (taskId === undefined || task.taskId === taskId) && (mapIndex === undefined || task.mapIndex === mapIndex),
      );
    const tasks = await find();
    if (tasks.length === 0) {
      const index = mapIndex === undefined ? "" : ` with the map index ${mapIndex}`;
      throw cliError("TASK_INSTANCE_NOT_FOUND", { dagId, runId: run.runId, taskId: taskId ?? "", index });
    }
    const reader = new LogReader(store, given.value<number>("attempt"));
    if (given.flag("follow")) return follow(session, reader, find);
    const lines = await reader.read(tasks);
    session.print(lines.map(linePayload), () =>
      lines.map((line) =>
        lineText({ ...line.task, ...line.log }, session.style, taskId === undefined || tasks.length > 1),
      ),
    );
    if (lines.length === 0)
      session.note(tasks.every(({ attempt }) => attempt === 0) ? "It has not started yet." : "It logged nothing.");
    return exitCodes.ok;
  },
});

interface TaskLog {
  readonly task: TaskInstanceRow;
  readonly log: LogRow;
}

/** Reads on from where it stopped. */
class LogReader {
  readonly #store: Store;
  readonly #attempt: number | undefined;
  readonly #after = new Map<number, number>();

  constructor(store: Store, attempt: number | undefined) {
    this.#store = store;
    this.#attempt = attempt;
  }

  async read(tasks: readonly TaskInstanceRow[]): Promise<readonly TaskLog[]> {
    const found: TaskLog[] = [];
    for (const task of tasks) {
      for (;;) {
        const page = await this.#store.logs.list({
          taskInstanceNo: task.taskInstanceNo,
          attempt: this.#attempt,
          after: this.#after.get(task.taskInstanceNo) ?? 0,
          limit: pageSize,
        });
        for (const log of page) found.push({ task, log });
        if (page.length > 0) this.#after.set(task.taskInstanceNo, page[page.length - 1].logNo);
        if (page.length < pageSize) break;
      }
    }
    return found.sort((a, b) => a.log.at - b.log.at || a.log.logNo - b.log.logNo);
  }
}

async function follow(
  session: Session,
  reader: LogReader,
  find: () => Promise<readonly TaskInstanceRow[]>,
): Promise<number> {
  let isInterrupted = false;
  let wake: (() => void) | undefined;
  const release = session.io.onInterrupt(() => {
    isInterrupted = true;
    wake?.();
  });
  try {
    for (;;) {
      // Ended first, read after: nothing that was logged in between is missed.
      const tasks = await find();
      const lines = await reader.read(tasks);
      session.print(undefined, () =>
        lines.map((line) => lineText({ ...line.task, ...line.log }, session.style, tasks.length > 1)),
      );
      if (isInterrupted) return exitCodes.interrupted;
      if (tasks.every(({ state }) => isFinished(state))) return exitCodes.ok;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, followEveryMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    release();
  }
}

function linePayload({ task, log }: TaskLog): Record<string, unknown> {
  return {
    at: iso(log.at),
    task: task.taskId,
    mapIndex: task.mapIndex,
    attempt: log.attempt,
    level: log.level,
    message: log.message,
    fields: log.fields === null ? null : (JSON.parse(log.fields) as unknown),
  };
}
