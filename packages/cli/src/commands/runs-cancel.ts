import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import { findRun } from "../views/run-view.ts";

export default defineCommand({
  about:
    "Running tasks are told to stop, the rest does not start. A run that has ended stays as it is. The engine that works on the store does it; if there is none, this command does.",
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "<run>", says: "id of the run, or 'latest'", completes: "run" },
  ],
  options: [{ flags: "--reason <text>", says: "why, for those who look at the run later" }],
  examples: [
    ["millrace runs cancel sales latest", "stop the newest run of 'sales'"],
    [`millrace runs cancel sales latest --reason "wrong params"`, "and say why"],
  ],
  async run(session, given) {
    const core = await session.core();
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.text("run"));
    const { dagId, runId } = await findRun(await session.neededReader(), core, given.text("dag"), given.text("run"));
    const request = { operation: "cancel", dagId, runId, reason: given.textOr("reason", undefined) } as const;
    const { answer } = await operate<{ readonly wasActive: boolean }>(session, request);
    session.print({ dag: dagId, run: runId, cancelled: answer.wasActive }, () => [
      answer.wasActive ? `${session.style.state("cancelled")}  ${dagId}  ${runId}` : `${runId} had ended already`,
    ]);
    return exitCodes.ok;
  },
});
