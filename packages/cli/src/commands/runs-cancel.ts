import { isFinished } from "@millrace/core/plugin";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { runArguments } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import { tableLines } from "../terminal/table.ts";
import { findRun } from "../views/run-view.ts";
import { taskColumns, taskPayload } from "../views/task-view.ts";

export default defineCommand({
  about: "Running tasks are told to stop, the rest does not start. A run that has ended stays as it is.",
  arguments: runArguments,
  options: [{ flags: "--reason <text>", says: "why, for those who look at the run later" }, ...askFirstOptions],
  examples: [
    ["millrace runs cancel sales latest", "stop the newest run of 'sales'"],
    [`millrace runs cancel sales latest --yes --reason "wrong params"`, "without a question, and say why"],
  ],
  async run(session, given) {
    const core = await session.core();
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.text("run"));
    const certainty = certaintyOf(session, given, "Cancelling a run");
    const store = await session.neededReader();
    const { dagId, runId, runNo } = await findRun(store, core, given.text("dag"), given.text("run"));
    const open = (await store.tasks.ofRun(runNo)).filter(({ state }) => !isFinished(state));
    const { style, io } = session;
    const lines = tableLines(open, taskColumns(style, core, { withErrors: false }), style, io.out.columns);
    if (certainty === "ask" && open.length > 0 && !(await isMeant(session, lines, `Cancel ${dagId} ${runId}?`)))
      return exitCodes.interrupted;
    if (certainty === "look") {
      session.print({ dag: dagId, run: runId, cancelled: false, dryRun: true, tasks: open.map(taskPayload) }, () =>
        open.length === 0 ? [`${runId} has nothing left to cancel`] : lines,
      );
      return exitCodes.ok;
    }
    const request = { operation: "cancel", dagId, runId, reason: given.textOr("reason", undefined) } as const;
    const { answer } = await operate<{ readonly wasActive: boolean }>(session, request);
    session.print({ dag: dagId, run: runId, cancelled: answer.wasActive }, () => [
      answer.wasActive ? `${style.state("cancelled")}  ${dagId}  ${runId}` : `${runId} had ended already`,
    ]);
    return exitCodes.ok;
  },
});
