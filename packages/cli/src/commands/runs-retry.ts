import { askFirstOptions } from "../changing/ask-first.ts";
import { changeRun } from "../changing/change-run.ts";
import { runArguments } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about:
    "Clears what failed, was cancelled or could not run, and what depends on it; what succeeded stays. The run goes on under the same id.",
  arguments: runArguments,
  options: askFirstOptions,
  examples: [
    ["millrace runs retry sales latest", "have the newest run of 'sales' go on"],
    ["millrace runs retry sales latest --dry-run", "only see what would run again"],
  ],
  run: (session, given) =>
    changeRun(session, given, {
      verb: "Retry",
      dagId: given.text("dag"),
      runId: given.text("run"),
      request: ({ dagId, runId }, dryRun) => ({ operation: "retry", dagId, runId, dryRun }),
    }),
});
