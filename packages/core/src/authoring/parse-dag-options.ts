import { coreError, type ErrorValues, isMillraceError, type MillraceError, shown } from "../errors.ts";
import { parseDuration } from "../time/duration.ts";
import { checkTimezone, isRelative, parseInstant } from "../time/instant.ts";
import type { Dag } from "./definition.ts";
import type { DagOptions } from "./options.ts";

/** A DAG without its tasks. */
export type ParsedDagOptions = Omit<Dag, "id" | "tasks" | "edges" | "groups">;

const known = new Set([
  "description",
  "schedule",
  "startDate",
  "endDate",
  "timezone",
  "catchup",
  "maxActiveRuns",
  "maxActiveTasks",
  "runTimeout",
  "dependsOnPast",
  "params",
  "defaults",
  "tags",
  "owner",
  "paused",
  "failFast",
  "runState",
  "onSuccess",
  "onFailure",
  "doc",
]); // prettier-ignore

/** Fills defaults in; adds to `mistakes` instead of throwing, so that all are reported at once. */
export function parseDagOptions(dagId: string, options: DagOptions, mistakes: MillraceError[]): ParsedDagOptions {
  const where = `DAG '${dagId}'`;
  const attempt = <T>(read: () => T, fallback: T): T => {
    try {
      return read();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      mistakes.push(error);
      return fallback;
    }
  };
  const wrong = (option: string, value: unknown, expected: string): MillraceError =>
    optionError({ option, where, value: shown(value), expected });
  for (const option of Object.keys(options)) {
    if (!known.has(option))
      mistakes.push(wrong(option, (options as Record<string, unknown>)[option], "there is no such option"));
  }
  const timezone = attempt(() => checkTimezone(options.timezone ?? "UTC"), "UTC");
  const count = (option: "maxActiveRuns" | "maxActiveTasks"): number => {
    const value = options[option] ?? 16;
    if (!Number.isSafeInteger(value) || value < 1)
      mistakes.push(wrong(option, value, "a whole number of at least 1 is needed"));
    return value;
  };
  const { schedule = null, startDate, endDate, runTimeout, params, runState = "leaves" } = options;
  if (schedule !== null && typeof schedule?.next !== "function")
    mistakes.push(wrong("schedule", schedule, "a timetable (an object with next and describe) or null is needed"));
  if (params !== undefined && typeof params?.["~standard"]?.validate !== "function")
    mistakes.push(wrong("params", params, "a Standard Schema is needed, for example z.object({ … })"));
  if (runState !== "leaves" && runState !== "any_failed")
    mistakes.push(wrong("runState", runState, "'leaves' or 'any_failed' is needed"));
  return {
    description: options.description,
    schedule,
    startDate:
      startDate === undefined
        ? undefined
        : attempt(() => {
            const instant = parseInstant(startDate, timezone, 0);
            return isRelative(startDate) ? startDate : instant;
          }, undefined),
    endDate: endDate === undefined ? undefined : attempt(() => parseInstant(endDate, timezone), undefined),
    timezone,
    catchup: options.catchup ?? false,
    maxActiveRuns: count("maxActiveRuns"),
    maxActiveTasks: count("maxActiveTasks"),
    runTimeoutMs: runTimeout === undefined ? undefined : attempt(() => parseDuration(runTimeout), undefined),
    params,
    tags: [...(options.tags ?? [])],
    owner: options.owner,
    paused: options.paused ?? false,
    failFast: options.failFast ?? false,
    runState,
    onSuccess: options.onSuccess,
    onFailure: options.onFailure,
    doc: options.doc,
  };
}

/** The error for an option of the wrong kind. */
export function optionError(values: ErrorValues): MillraceError {
  return coreError("DAG_OPTION_INVALID", values);
}
