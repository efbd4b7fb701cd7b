import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tableLines } from "../terminal/table.ts";
import { findRun } from "../views/run-view.ts";
import { taskColumns, taskPayload, taskStates } from "../views/task-view.ts";

export default defineCommand({
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "[run]", says: "id of the run (default: latest)", completes: "run" },
  ],
  options: [
    {
      flags: "--state <state>",
      says: "only tasks in this state (several times for several)",
      repeats: true,
      choices: taskStates,
    },
  ],
  examples: [
    ["millrace tasks states hello", "the tasks of the newest run"],
    ["millrace tasks states hello latest --state failed", "those that failed"],
  ],
  async run(session, given) {
    const core = await session.core();
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.textOr("run", "latest"));
    const store = await session.neededReader();
    const run = await findRun(store, core, given.text("dag"), given.textOr("run", "latest"));
    const states = given.list("state");
    const tasks = (await store.tasks.ofRun(run.runNo)).filter(
      ({ state }) => states.length === 0 || states.includes(state),
    );
    session.print({ dag: run.dagId, run: run.runId, state: run.state, tasks: tasks.map(taskPayload) }, () =>
      tasks.length === 0
        ? []
        : tableLines(
            tasks,
            taskColumns(session.style, core, { withErrors: true }),
            session.style,
            session.io.out.columns,
          ),
    );
    if (tasks.length === 0) session.note("No task fits.");
    return exitCodes.ok;
  },
});
