import type { MarkedState } from "@millrace/core/engine";
import { askFirstOptions } from "../changing/ask-first.ts";
import { changeRun } from "../changing/change-run.ts";
import { runArguments, selectionOf, selectionOptions } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";

export default defineCommand({
  about:
    "Gives tasks a state by hand. Behind tasks marked as success or skipped, what failed or could not run is cleared and runs.",
  arguments: [...runArguments, { name: "<task...>", says: "ids of tasks or groups", completes: "task" }],
  options: [
    { flags: "--as <state>", says: "the state they get", choices: ["success", "failed", "skipped"] },
    ...selectionOptions,
    { flags: "--downstream", says: "also every task that depends on these" },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace tasks mark sales latest load --as success", "go on as if 'load' had succeeded"],
    ["millrace tasks mark sales latest load --as failed --yes", "give it up, without a question"],
  ],
  async run(session, given) {
    const state = given.value<MarkedState>("as");
    if (state === undefined)
      throw cliError("USAGE_INVALID", {
        what: "--as is missing: success, failed or skipped",
        command: "millrace tasks mark",
      });
    const selection = selectionOf(given, await session.core(), given.flag("downstream"));
    return changeRun(session, given, {
      verb: `Mark as ${state}`,
      dagId: given.text("dag"),
      runId: given.text("run"),
      request: ({ dagId, runId }, dryRun) => ({ operation: "mark", dagId, runId, state, selection, dryRun }),
    });
  },
});
