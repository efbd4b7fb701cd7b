import type { RunResult, TaskResult } from "@millrace/core/engine";
import {
  encodeValue,
  type LogRow,
  type MemoryDatabase,
  memoryDatabase,
  memoryStore,
  messageOf,
} from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { jsonObject } from "../option-values.ts";
import { missingValues, onlyTask } from "../running/one-task.ts";
import { runOptions, runRequestOf } from "../running/run-options.ts";
import { lineOf } from "../running/run-report.ts";
import type { Session } from "../session.ts";
import { safeLine, safeText } from "../terminal/safe-text.ts";
import { failureLines } from "../views/task-view.ts";
import { valueText } from "../views/value-view.ts";

export default defineCommand({
  about: [
    "Makes one attempt of one task, in this process and in memory: nothing is recorded, no engine is asked, no other task runs, no callback is called. Values that it takes from other tasks are given with --xcom.",
    "Exits with 0 when the task succeeded or was skipped, and with 1 when it did not.",
  ].join("\n\n"),
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "<task>", says: "id of the task", completes: "task" },
  ],
  options: [
    ...runOptions,
    {
      flags: "--xcom <json>",
      says: `values of other tasks, by their ids ("task/key" for one that is not the result): a JSON object or @file`,
    },
  ],
  examples: [
    ["millrace tasks test sales extract", "does it work?"],
    [`millrace tasks test sales clean --xcom '{"extract":[{"id":1}]}'`, "with what another task would have left"],
  ],
  async run(session, given) {
    const core = await session.core();
    const [dagId, taskId] = [given.text("dag"), given.text("task")];
    core.checkDagId(dagId);
    core.checkTaskPath(taskId);
    const request = runRequestOf(given, session.io.cwd, core);
    const xcom = given.textOr("xcom", undefined);
    const values = xcom === undefined ? {} : jsonObject(xcom, "--xcom", session.io.cwd);
    const { dag } = await session.currentDag(dagId);
    const tried = onlyTask(dag, taskId, values);
    for (const missing of missingValues(dag, taskId, values))
      session.note(`Nothing is given for '${missing}': the task is told undefined.`);
    const database = memoryDatabase();
    const config = await session.config();
    const engine = await core.createEngine({
      dags: [tried],
      store: memoryStore({ database }),
      threads: "inline",
      secrets: (await core.resolveSecrets(config)).providers,
      secretTtl: config.secrets.ttl,
      secretTimeout: config.secrets.timeout,
    });
    const release = session.io.onInterrupt(() => session.io.exit(exitCodes.interrupted));
    const releaseStray = session.io.onStrayError((error) =>
      session.warn(`Something was thrown outside of the task: ${safeLine(messageOf(error))}`),
    );
    // The task may wait for something that keeps no process alive.
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      const result = await engine.run(dagId, { ...request, runId: request.runId ?? "test" });
      const value = await result.xcom(taskId);
      await engine.close();
      const logs = await logsOf(database, result, taskId);
      return report(session, { task: result.tasks[taskId], taskId, value, logs });
    } finally {
      clearInterval(alive);
      release();
      await engine.close();
      releaseStray();
    }
  },
});

interface Tried {
  readonly taskId: string;
  readonly task: TaskResult;
  readonly value: unknown;
  readonly logs: readonly LogRow[];
}

async function logsOf(
  database: MemoryDatabase,
  { dagId, runId }: RunResult,
  taskId: string,
): Promise<readonly LogRow[]> {
  const store = memoryStore({ database });
  await store.open("reader");
  const run = await store.runs.find(dagId, runId);
  const tasks = run ? await store.tasks.ofRun(run.runNo) : [];
  const logs: LogRow[] = [];
  for (const { taskInstanceNo } of tasks.filter((task) => task.taskId === taskId))
    logs.push(...(await store.logs.list({ taskInstanceNo, limit: 10_000 })));
  return logs;
}

function report(session: Session, { taskId, task, value, logs }: Tried): number {
  const { style, io, isJson } = session;
  for (const { level, message } of logs) io.err.write(`${style.dim(level.padEnd(5))}  ${safeText(message)}\n`);
  // What a task says when it skips itself is recorded as what it threw.
  const why = task.reason ?? (task.state === "skipped" ? task.error?.message : undefined);
  const plain = isJson && value !== undefined ? (JSON.parse(encodeValue(value)) as unknown) : null;
  session.print({ task: taskId, state: task.state, reason: task.reason, error: task.error, value: plain }, () => [
    ...(value === undefined ? [] : valueText(value, session).split("\n")),
    `${style.state(task.state)}  ${taskId}${style.dim(why === undefined ? "" : `  ${safeLine(why)}`)}`,
    ...failureLines([lineOf(taskId, -1, task)], style, { withStack: session.options.debug }),
  ]);
  return task.state === "success" || task.state === "skipped" ? exitCodes.ok : exitCodes.failed;
}
