import { askFirstOptions } from "../changing/ask-first.ts";
import { changeRun } from "../changing/change-run.ts";
import { runArguments, selectionOf, selectionOptions } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about:
    "What is cleared runs again, with every task that depends on it; what it left is removed, and its attempts count from anew. A run that had ended goes on.",
  arguments: [
    ...runArguments,
    { name: "[task...]", says: "ids of tasks or groups (default: every task)", completes: "task" },
  ],
  options: [
    ...selectionOptions,
    { flags: "--no-downstream", says: "not the tasks that depend on these" },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace tasks clear sales latest load", "run 'load' again, and what comes after it"],
    ["millrace tasks clear sales latest --state failed --yes", "everything that failed, without a question"],
    ["millrace tasks clear sales latest load --dry-run", "only see what that would be"],
  ],
  async run(session, given) {
    const selection = selectionOf(given, await session.core(), given.value<boolean>("downstream") !== false);
    return changeRun(session, given, {
      verb: "Clear",
      dagId: given.text("dag"),
      runId: given.text("run"),
      request: ({ dagId, runId }, dryRun) => ({ operation: "clear", dagId, runId, selection, dryRun }),
    });
  },
});
