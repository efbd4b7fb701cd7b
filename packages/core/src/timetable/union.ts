import { coreError, shown } from "../errors.ts";
import { merged } from "./instant-sequence.ts";
import { partsOf, type SequenceParts, sequenceTimetable } from "./sequence-timetable.ts";
import type { Timetable } from "./timetable.ts";

/**
 * Every instant of several timetables: runs as if one timetable had all their ticks. Of timetables with data intervals, an
 * interval reaches from one tick of any of them to the next.
 *
 * @param timetables - all with data intervals (`cron`, `every`, …) or all without (`cronTrigger`, `everyTrigger`, `events`);
 *   `every` without an anchor counts from 1970
 * @throws `TIMETABLE_NOT_COMBINABLE`
 * @example
 * ```ts
 * import { cronTrigger, events, union } from "@millrace/core";
 * const schedule = union(cronTrigger("0 9 * * 1-5"), events(["2026-12-24T20:00:00Z"]));
 * console.log(schedule.describe()); // at 0 9 * * 1-5 and one event on 2026-12-24
 * ```
 */
export function union(...timetables: readonly Timetable[]): Timetable {
  if (timetables.length === 0)
    throw coreError("TIMETABLE_NOT_COMBINABLE", { what: "union", timetable: "", why: "at least one is needed" });
  const parts = timetables.map((timetable) => combinable("union", timetable));
  const [{ rhythm, timezone }] = parts;
  const stranger = parts.findIndex((part) => part.rhythm.kind !== rhythm.kind || lookback(part) !== lookback(parts[0]));
  if (stranger >= 0)
    throw coreError("TIMETABLE_NOT_COMBINABLE", {
      what: "union",
      timetable: timetables[stranger].describe(),
      why: `its data intervals are made in another way than those of '${timetables[0].describe()}'`,
    });
  const needsDag = timetables.some(({ forDag }) => forDag !== undefined);
  return sequenceTimetable({
    sequence: merged(parts.map(({ sequence }) => sequence)),
    rhythm,
    timezone,
    describe: () => timetables.map((timetable) => timetable.describe()).join(" and "),
    ...(needsDag && {
      forDag: (dag) => union(...timetables.map((timetable) => timetable.forDag?.(dag) ?? timetable)),
    }),
  });
}

/** What a timetable is made of. */
export function combinable(what: string, timetable: Timetable): SequenceParts {
  const parts = typeof timetable === "object" && timetable !== null ? partsOf(timetable) : undefined;
  if (parts) return parts;
  const description = typeof timetable?.describe === "function" ? timetable.describe() : shown(timetable);
  throw coreError("TIMETABLE_NOT_COMBINABLE", { what, timetable: description, why: "nobody knows its ticks" });
}

function lookback({ rhythm }: SequenceParts): number {
  return rhythm.kind === "trigger" ? rhythm.lookbackMs : 0;
}
