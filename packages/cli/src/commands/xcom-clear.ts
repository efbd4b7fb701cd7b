import { askFirstOptions } from "../changing/ask-first.ts";
import { changeRun } from "../changing/change-run.ts";
import { runArguments } from "../changing/task-selection.ts";
import { defineCommand } from "../command.ts";
import { wholeNumber } from "../option-values.ts";

export default defineCommand({
  about: "Removes values that tasks of a run left. Tasks that take them do not find them any more.",
  arguments: [...runArguments, { name: "[task]", says: "id of the task (default: every task)", completes: "task" }],
  options: [
    { flags: "--key <key>", says: "only this key (several times for several)", repeats: true, completes: "xcom-key" },
    {
      flags: "--map-index <n>",
      says: "only this element of a mapped task",
      parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace xcom clear sales latest", "everything that the newest run left"],
    ["millrace xcom clear sales latest extract --key rows --yes", "one value, without a question"],
  ],
  async run(session, given) {
    const core = await session.core();
    const task = given.textOr("task", undefined);
    const keys = given.list("key");
    if (task !== undefined) core.checkTaskPath(task);
    for (const key of keys) core.checkXComKey(key);
    const which = { task, keys: keys.length > 0 ? keys : undefined, mapIndex: given.value<number>("mapIndex") };
    return changeRun(session, given, {
      verb: "Remove",
      dagId: given.text("dag"),
      runId: given.text("run"),
      request: ({ dagId, runId }, dryRun) => ({ operation: "clearXComs", dagId, runId, ...which, dryRun }),
    });
  },
});
