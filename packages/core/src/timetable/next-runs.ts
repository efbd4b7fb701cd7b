import type { Dag } from "../authoring/definition.ts";
import { coreError } from "../errors.ts";
import { parseInstant } from "../time/instant.ts";
import { instantOf } from "../time/temporal.ts";
import { zoneOf } from "../time/zone.ts";
import { type ClockNote, notesOfInterval } from "./clock-notes.ts";
import { partsOf } from "./sequence-timetable.ts";
import { type Tick, type TickQuery, ticksOf } from "./ticks.ts";
import type { Timetable } from "./timetable.ts";

/** A run that a schedule will have. Milliseconds since the epoch; texts are local ISO times with their distance from UTC. */
export interface NextRun extends Tick {
  readonly local: { readonly start: string; readonly end: string; readonly runAfter: string };
  /** What changes of the clocks have to do with it. */
  readonly notes: readonly ClockNote[];
}

/** The next runs of a DAG by its schedule. */
export interface NextRuns {
  /** The zone of the local times: the timetable's, or else the DAG's. */
  readonly timezone: string;
  readonly runs: readonly NextRun[];
}

const mostSteps = 200_000;

/**
 * The runs of a DAG that are due at or after an instant, as its schedule, start date and end date say. What has been run, and
 * whether the DAG catches up, is not asked. Of a schedule whose runs follow from each other only the first is known.
 *
 * @param options - `from`: default `now`, which relative start dates count from, too
 * @throws `TIMETABLE_FAILED` if an own timetable does not work
 */
export function nextRuns(
  dag: Dag,
  { count, now, from = now }: { readonly count: number; readonly now: number; readonly from?: number },
): NextRuns {
  const { schedule, startDate } = dag;
  const timezone = schedule?.timezone ?? dag.timezone;
  if (schedule === null) return { timezone, runs: [] };
  const earliest = typeof startDate === "string" ? parseInstant(startDate, dag.timezone, now) : (startDate ?? null);
  const query = { lastStart: null, lastEnd: null, earliest, latest: dag.endDate ?? null, catchup: false, now: from };
  const ticks = dueFrom(schedule, query, from, schedule.isPeriodic === false ? Math.min(count, 1) : count);
  return { timezone, runs: ticks.map((tick) => told(tick, schedule, timezone)) };
}

function dueFrom(schedule: Timetable, first: TickQuery, from: number, count: number): readonly Tick[] {
  const ask = ticksOf(schedule);
  const found: Tick[] = [];
  let query = first;
  for (let steps = 0; found.length < count && steps < mostSteps; steps++) {
    const tick = ask(query);
    if (tick === null) break;
    if (query.lastStart !== null && tick.start <= query.lastStart)
      throw coreError("TIMETABLE_FAILED", {
        timetable: schedule.describe(),
        why: "the run after a run does not start later",
      });
    if (tick.runAfter >= from) found.push(tick);
    query = { ...query, lastStart: tick.start, lastEnd: tick.end, catchup: true };
  }
  return found;
}

function told(tick: Tick, schedule: Timetable, timezone: string): NextRun {
  const local = (ms: number): string =>
    instantOf(ms).toZonedDateTimeISO(timezone).toString({ timeZoneName: "never", smallestUnit: "second" });
  const ofTick = partsOf(schedule)?.sequence.notesOf?.(tick.runAfter) ?? [];
  return {
    ...tick,
    local: { start: local(tick.start), end: local(tick.end), runAfter: local(tick.runAfter) },
    notes: [...ofTick, ...notesOfInterval(zoneOf(timezone), tick.start, tick.end)],
  };
}
