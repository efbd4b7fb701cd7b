import type { Given, OptionDefinition } from "../command.ts";
import { jsonObject } from "../option-values.ts";
import type { Core } from "../session.ts";

/** What a run can be asked for with. */
export const runOptions: readonly OptionDefinition[] = [
  { flags: "--params <json>", says: "params, as the DAG's schema wants them: a JSON object or @file" },
  { flags: "--conf <json>", says: "free-form settings that tasks see as conf: a JSON object or @file" },
  { flags: "--date <iso>", says: "logical date: what the run is about (default: now)" },
  { flags: "--run-id <id>", says: "id of the run (default: made from the date)" },
];

/** @throws `RUN_ID_INVALID`, and what {@link jsonObject} throws */
export function runRequestOf(given: Given, cwd: string, core: Core) {
  const [params, conf] = [given.textOr("params", undefined), given.textOr("conf", undefined)];
  const runId = given.textOr("runId", undefined);
  if (runId !== undefined) core.checkRunId(runId);
  return {
    params: params === undefined ? undefined : jsonObject(params, "--params", cwd),
    conf: conf === undefined ? undefined : jsonObject(conf, "--conf", cwd),
    logicalDate: given.textOr("date", undefined),
    runId,
  };
}
