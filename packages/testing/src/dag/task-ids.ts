import type { Dag } from "@millrace/core";
import { shown } from "@millrace/core/plugin";
import { closest, distance } from "fastest-levenshtein";
import { testingError } from "../errors.ts";

const shownIds = 20;

/**
 * @param where - for example `mock` or `result.value`
 * @throws `TEST_TASK_UNKNOWN`, which names the id that was probably meant
 */
export function checkTaskId(dag: Dag, taskId: string, where: string): void {
  const known = dag.tasks.map(({ id }) => id);
  if (known.includes(taskId)) return;
  const near = typeof taskId === "string" && taskId.length < 1_000 && known.length > 0 ? closest(taskId, known) : "";
  const isNear = near !== "" && distance(taskId, near) <= Math.max(2, Math.floor(near.length / 3));
  const rest = known.length > shownIds ? `, … (${known.length} in all)` : "";
  throw testingError("TEST_TASK_UNKNOWN", {
    where,
    taskId: `${shown(taskId)}${isNear ? ` (did you mean '${near}'?)` : ""}`,
    dagId: dag.id,
    known: `${known.slice(0, shownIds).join(", ")}${rest}`,
  });
}
