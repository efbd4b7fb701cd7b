import { checkSource } from "../catchup/source-options.ts";
import { coreError, isMillraceError, type MillraceError, messageOf, shown } from "../errors.ts";
import { checkTimezone, isRelative, parseInstant } from "../time/instant.ts";
import { catchupOff, isCatchupSource, parseCatchup } from "../timetable/catchup.ts";
import type { Timetable, TimetableDag } from "../timetable/timetable.ts";
import type { Dag } from "./definition.ts";
import { parseNotify } from "./notify-setting.ts";
import { OptionReader } from "./option-reader.ts";
import type { DagOptions } from "./options.ts";

/** A DAG without its tasks. */
export type ParsedDagOptions = Omit<Dag, "id" | "tasks" | "edges" | "groups">;

/** Each is looked at when a run fails. */
const mostFailuresCounted = 100;

const known = {
  description: true,
  schedule: true,
  startDate: true,
  endDate: true,
  timezone: true,
  catchup: true,
  maxActiveRuns: true,
  maxActiveTasks: true,
  maxConsecutiveFailedRuns: true,
  runTimeout: true,
  dependsOnPast: true,
  params: true,
  defaults: true,
  tags: true,
  owner: true,
  paused: true,
  failFast: true,
  runState: true,
  onSuccess: true,
  onFailure: true,
  deadline: true,
  onDeadlineMissed: true,
  notify: true,
  doc: true,
} as const satisfies Record<keyof DagOptions, true>;

/** Fills defaults in; adds to `mistakes` instead of throwing, so that all are reported at once. */
export function parseDagOptions(
  { id, where }: { readonly id: string; readonly where: string },
  options: DagOptions,
  mistakes: MillraceError[],
): ParsedDagOptions {
  const read = new OptionReader(where, mistakes);
  const attempt = <T>(step: () => T, fallback: T): T => {
    try {
      return step();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      mistakes.push(error);
      return fallback;
    }
  };
  read.noOthers(options, known);
  const timezone = attempt(() => checkTimezone(options.timezone ?? "UTC"), "UTC");
  const { catchup = false } = options;
  const catchupSource = isCatchupSource(catchup) ? catchup : undefined;
  if (catchupSource) checkSource(catchupSource, read);
  const { startDate, endDate, params, tags = [], runState = "leaves" } = options;
  const schedule = attempt(() => scheduleFor({ id, timezone }, options.schedule ?? null, read), null);
  if (params !== undefined && typeof params?.["~standard"]?.validate !== "function")
    read.wrong("params", params, "a Standard Schema is needed, for example z.object({ … })");
  const areTags = Array.isArray(tags) && tags.every((tag) => typeof tag === "string");
  if (!areTags) read.wrong("tags", tags, "a list of texts is needed");
  return {
    description: read.text("description", options.description),
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
    catchup: attempt(() => parseCatchup(catchupSource ? catchupSource.default : catchup, timezone), catchupOff),
    catchupSource,
    maxActiveRuns: read.wholeNumber("maxActiveRuns", options.maxActiveRuns ?? 16, 1),
    maxActiveTasks: read.wholeNumber("maxActiveTasks", options.maxActiveTasks ?? 16, 1),
    maxConsecutiveFailedRuns: read.wholeNumber(
      "maxConsecutiveFailedRuns",
      options.maxConsecutiveFailedRuns ?? 0,
      0,
      mostFailuresCounted,
    ),
    runTimeoutMs: read.duration("runTimeout", options.runTimeout),
    params,
    tags: Object.freeze(areTags ? [...tags] : []),
    owner: read.text("owner", options.owner),
    paused: read.flag("paused", options.paused, false),
    failFast: read.flag("failFast", options.failFast, false),
    runState: read.oneOf("runState", runState, ["leaves", "any_failed"]),
    onSuccess: read.callback("onSuccess", options.onSuccess),
    onFailure: read.callback("onFailure", options.onFailure),
    deadlineMs: read.duration("deadline", options.deadline),
    onDeadlineMissed: read.callback("onDeadlineMissed", options.onDeadlineMissed),
    notify: parseNotify(options.notify, read),
    doc: read.text("doc", options.doc),
  };
}

/** The schedule as it is for this DAG: with its time zone, and with its id where that decides something. */
function scheduleFor(dag: TimetableDag, schedule: Timetable | null, read: OptionReader): Timetable | null {
  if (schedule === null) return null;
  if (!isTimetable(schedule)) {
    read.wrong("schedule", schedule, "a timetable (an object with next and describe) or null is needed");
    return null;
  }
  if (schedule.forDag === undefined) return schedule;
  let made: unknown;
  try {
    made = schedule.forDag(dag);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    const why = `forDag threw: ${messageOf(error)}`;
    throw coreError("TIMETABLE_FAILED", { timetable: schedule.describe(), why }, { cause: error });
  }
  if (isTimetable(made)) return made;
  throw coreError("TIMETABLE_FAILED", { timetable: schedule.describe(), why: `forDag gave ${shown(made)}` });
}

function isTimetable(value: unknown): value is Timetable {
  const given = value as Partial<Timetable> | null | undefined;
  return typeof given?.next === "function" && typeof given.describe === "function";
}
