import type { TaskSelection } from "@millrace/core/engine";
import type { TaskState } from "@millrace/core/plugin";
import type { ArgumentDefinition, Given, OptionDefinition } from "../command.ts";
import { wholeNumber } from "../option-values.ts";
import type { Core } from "../session.ts";
import { taskStates } from "../views/task-view.ts";

export const runArguments: readonly ArgumentDefinition[] = [
  { name: "<dag>", says: "id of the DAG", completes: "dag" },
  { name: "<run>", says: "id of the run, or 'latest'", completes: "run" },
];

/** Which tasks of a run are meant. */
export const selectionOptions: readonly OptionDefinition[] = [
  { flags: "--upstream", says: "also every task that these depend on" },
  {
    flags: "--map-index <n>",
    says: "only this element of mapped tasks",
    parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  {
    flags: "--state <state>",
    says: "only tasks in this state (several times for several)",
    repeats: true,
    choices: taskStates,
  },
];

/** @throws `TASK_ID_INVALID` */
export function selectionOf(given: Given, core: Core, downstream: boolean): TaskSelection {
  const tasks = given.list("task");
  for (const task of tasks) core.checkTaskPath(task);
  const states = given.list("state") as TaskState[];
  return {
    ...(tasks.length > 0 && { tasks }),
    ...(states.length > 0 && { states }),
    mapIndex: given.value<number>("mapIndex"),
    upstream: given.flag("upstream"),
    downstream,
  };
}
