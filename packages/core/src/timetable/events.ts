import { coreError, isMillraceError, shown } from "../errors.ts";
import { type InstantInput, isRelative, parseInstant } from "../time/instant.ts";
import { atOrAfter, type InstantSequence } from "./instant-sequence.ts";
import { madeOf } from "./sequence-timetable.ts";
import { intervalOf, timetableOf } from "./ticks.ts";
import type { Timetable } from "./timetable.ts";
import { TimetableOptions } from "./timetable-options.ts";

/** Options of {@link events}. */
export interface EventsOptions {
  /** A run that somebody asks for is about the newest event that has been, or the first one. Default false: about its own instant. */
  readonly restrictManual?: boolean;
  /** IANA name of the zone in which bare dates have their midnight. Default: the DAG's `timezone`. */
  readonly timezone?: string;
}

/** So late may an engine be for an event that it does not catch up with. */
const lateMs = 300_000;

const known = { restrictManual: true, timezone: true } as const satisfies Record<keyof EventsOptions, true>;

/**
 * Runs at the instants of a list, in their order, each once. Without catching up only those that are yet to come, or were due
 * in the last five minutes: an engine may be late, or just be started again.
 *
 * @throws `EVENTS_INVALID` for what is no list of instants, `TIMEZONE_INVALID`, `DAG_OPTION_INVALID`
 * @example
 * ```ts
 * import { events } from "@millrace/core";
 * console.log(events(["2026-11-01T20:00:00Z", "2026-12-24"]).describe()); // 2 events from 2026-11-01 to 2026-12-24
 * ```
 */
export function events(instants: readonly InstantInput[], options: EventsOptions = {}): Timetable {
  const read = new TimetableOptions("events", options, known);
  return eventTimetable({
    // A list that the caller changes later changes nothing here.
    instants: Array.isArray(instants) ? [...instants] : instants,
    restrictManual: read.flag("restrictManual", options.restrictManual, false),
    timezone: read.timezone(options.timezone),
  });
}

interface EventSetting {
  readonly instants: readonly InstantInput[];
  readonly restrictManual: boolean;
  readonly timezone: string | undefined;
}

function eventTimetable(setting: EventSetting): Timetable {
  const { restrictManual, timezone = "UTC" } = setting;
  const sorted = sortedInstants(setting.instants, timezone);
  const sequence = listSequence(sorted);
  return timetableOf(
    ({ lastStart, lastEnd, earliest, latest, catchup, now }) => {
      let at = earliest === null ? Number.NEGATIVE_INFINITY : earliest;
      if (!catchup) at = Math.max(at, now - lateMs);
      let start = atOrAfter(sequence, at);
      if (lastStart !== null && lastEnd !== null) start = Math.max(start, sequence.after(lastEnd));
      if (!Number.isFinite(start) || (latest !== null && start > latest)) return null;
      return { start, end: start, runAfter: start };
    },
    {
      describe: () => described(sorted),
      timezone,
      restrictsManual: restrictManual,
      manual({ epochMilliseconds: ms }) {
        const event = restrictManual && sorted.length > 0 ? Math.max(sequence.before(ms + 1), sorted[0]) : ms;
        return intervalOf(event, event);
      },
      ...(setting.timezone === undefined && {
        forDag: (dag) => eventTimetable({ ...setting, timezone: dag.timezone }),
      }),
      ...madeOf({ sequence, rhythm: { kind: "trigger", lookbackMs: 0, firstRun: "recent" }, timezone }),
    },
  );
}

function sortedInstants(instants: readonly InstantInput[], timezone: string): readonly number[] {
  if (!Array.isArray(instants)) throw coreError("EVENTS_INVALID", { value: shown(instants), why: "a list is needed" });
  const all = instants.map((instant: InstantInput) => {
    try {
      if (!isRelative(instant)) return Math.trunc(parseInstant(instant, timezone));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
    }
    throw coreError("EVENTS_INVALID", { value: shown(instant), why: "that is no instant" });
  });
  return [...new Set(all)].toSorted((a, b) => a - b);
}

function listSequence(sorted: readonly number[]): InstantSequence {
  /** How many come before this. */
  function countBefore(ms: number): number {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  return {
    after: (ms) => sorted[countBefore(ms + 1)] ?? Number.POSITIVE_INFINITY,
    before: (ms) => sorted[countBefore(ms) - 1] ?? Number.NEGATIVE_INFINITY,
  };
}

function described(sorted: readonly number[]): string {
  if (sorted.length === 0) return "no events";
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const first = day(sorted[0]);
  return sorted.length === 1
    ? `one event on ${first}`
    : `${sorted.length} events from ${first} to ${day(sorted[sorted.length - 1])}`;
}
