import type { RunState, RunType } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { tableLines } from "../terminal/table.ts";
import { runColumns, runPayload } from "../views/run-view.ts";

export default defineCommand({
  options: [
    { flags: "--dag <id>", says: "only runs of this DAG", completes: "dag" },
    {
      flags: "--state <state>",
      says: "only runs in this state (several times for several)",
      choices: ["queued", "running", "success", "failed", "cancelled"],
      repeats: true,
    },
    { flags: "--type <type>", says: "only runs made so", choices: ["scheduled", "manual", "backfill", "triggered"] },
    { flags: "--limit <n>", says: "at most so many", parse: wholeNumber(1, 10_000), default: 20 },
  ],
  examples: [
    ["millrace runs list", "the newest 20 runs"],
    ["millrace runs list --dag hello --state failed", "what went wrong"],
  ],
  async run(session, given) {
    const core = await session.core();
    const dagId = given.textOr("dag", undefined);
    if (dagId !== undefined) core.checkDagId(dagId);
    const store = await session.reader();
    const states = given.list("state") as RunState[];
    const runs =
      (await store?.runs.list({
        dagId,
        states: states.length > 0 ? states : undefined,
        type: given.value<RunType>("type"),
        limit: given.value<number>("limit"),
      })) ?? [];
    session.print(runs.map(runPayload), () =>
      runs.length === 0
        ? []
        : tableLines(
            runs,
            runColumns(session.style, core, { withDag: dagId === undefined }),
            session.style,
            session.io.out.columns,
          ),
    );
    if (runs.length === 0)
      session.note(
        store
          ? "No run fits."
          : `Nothing is recorded in ${await session.storeLocation()} yet. Start a run with \`millrace run <dag>\`.`,
      );
    return exitCodes.ok;
  },
});
