import { formatDuration, type RunRow, type TaskInstanceRow } from "@millrace/core/plugin";
import type { NotifyHost } from "../host.ts";
import type { NotifyFact } from "../message.ts";
import { errorFacts } from "./error-facts.ts";

/** Names of tasks that are listed; the others are counted. */
const mostNames = 5;

export function instantText(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** Which run it was, of which time, and how long it took. */
export function runFacts(run: RunRow | undefined): NotifyFact[] {
  if (!run) return [];
  const { runId, type, intervalStart, intervalEnd, startedAt, endedAt } = run;
  const interval =
    intervalStart === intervalEnd
      ? instantText(intervalStart)
      : `${instantText(intervalStart)} to ${instantText(intervalEnd)}`;
  return [
    { name: "Run", value: `${runId} (${type})` },
    { name: "Data interval", value: interval },
    ...(startedAt === null ? [] : [{ name: "Started", value: instantText(startedAt) }]),
    ...(startedAt === null || endedAt === null ? [] : [{ name: "Took", value: formatDuration(endedAt - startedAt) }]),
  ];
}

/** Which tasks of a run failed, and with what the first of them did. */
export async function failedTaskFacts(
  { store }: Pick<NotifyHost, "store">,
  runNo: number,
  options: { readonly includesErrorMessage: boolean; readonly mask: (text: string) => string },
): Promise<NotifyFact[]> {
  const failed = (await store.tasks.ofRun(runNo)).filter(({ state }) => state === "failed");
  if (failed.length === 0) return [];
  const names = failed.slice(0, mostNames).map(nameOf).join(", ");
  const more = failed.length > mostNames ? ` and ${failed.length - mostNames} more` : "";
  return [{ name: "Failed", value: `${names}${more}` }, ...errorFacts(failed[0].error, options)];
}

export function nameOf({ taskId, mapIndex }: Pick<TaskInstanceRow, "taskId" | "mapIndex">): string {
  return mapIndex >= 0 ? `${taskId}[${mapIndex}]` : taskId;
}
