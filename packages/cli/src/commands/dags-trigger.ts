import type { RunAnswer } from "@millrace/core/engine";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import { runOptions, runRequestOf } from "../running/run-options.ts";
import { watchRun } from "../running/watch-run.ts";

export default defineCommand({
  about:
    "The engine that works on the store makes the run. If there is none, the run is recorded and waits for the next `millrace start`.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [
    ...runOptions,
    { flags: "--idempotency-key <key>", says: "asking again with the same key finds the first run" },
    { flags: "--wait", says: "follow the run to its end; the exit code is that of the run" },
  ],
  examples: [
    ["millrace dags trigger hello", "ask for a run"],
    [`millrace dags trigger sales --params '{"region":"eu"}' --wait`, "and wait for its end"],
    ["millrace dags trigger sales --idempotency-key order-42", "once, however often it is asked"],
  ],
  async run(session, given) {
    const core = await session.core();
    const dagId = given.text("dag");
    core.checkDagId(dagId);
    const request = {
      operation: "trigger",
      dagId,
      ...runRequestOf(given, session.io.cwd, core),
      idempotencyKey: given.textOr("idempotencyKey", undefined),
    } as const;
    const { answer, by } = await operate<RunAnswer>(session, request, { needsEngine: given.flag("wait") });
    if (given.flag("wait")) return watchRun(session, answer.runNo);
    session.print({ dag: dagId, run: answer.runId, state: answer.state, isNew: answer.isNew }, () => [
      `${session.style.state(answer.state)}  ${dagId}  ${answer.runId}${answer.isNew ? "" : session.style.dim("  it was there already")}`,
    ]);
    if (by === "command" && answer.state === "queued")
      session.note("No engine is running: it begins with the next `millrace start`.");
    return exitCodes.ok;
  },
});
