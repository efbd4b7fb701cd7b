import { runArguments } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";
import { watchRun } from "../running/watch-run.ts";
import { findRun } from "../views/run-view.ts";

export default defineCommand({
  about:
    "Shows a run that an engine makes, from its beginning to its end, as `millrace run` shows its own. The exit code is that of the run. Ctrl-C ends the watching only.",
  arguments: runArguments,
  examples: [["millrace runs watch sales latest", "until the newest run of 'sales' has ended"]],
  async run(session, given) {
    const core = await session.core();
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.text("run"));
    const { runNo } = await findRun(await session.neededReader(), core, given.text("dag"), given.text("run"));
    return watchRun(session, runNo);
  },
});
