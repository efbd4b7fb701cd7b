import type { Zone } from "../time/zone.ts";
import type { LocalCron } from "./local-cron.ts";

/** What a change of the clocks has to do with a run. */
export interface ClockNote {
  /**
   * `shifted`: the local time that is meant does not exist on that day, and the run is due by so much later. `skipped`: it does
   * not exist, and has no run; told with the run that comes next. `first_of_two`, `second_of_two`: it is there twice.
   * `change`: the clocks are changed within the data interval.
   */
  readonly kind: "shifted" | "skipped" | "first_of_two" | "second_of_two" | "change";
  /** The local time that is meant, as ISO text without a zone; of a change the one at which it happens. */
  readonly local: string;
  /** By how much the clocks go forward there; back: less than 0. */
  readonly changeMs: number;
}

const mostSkipped = 5;

/** What there is to say about a tick of a cron expression, and about local times since the tick before that have none. */
export function notesOfTick(
  { local, zone, tellsSkipped }: { readonly local: LocalCron; readonly zone: Zone; readonly tellsSkipped: boolean },
  tick: number,
  previous: number,
): readonly ClockNote[] {
  const span = zone.spanAt(tick);
  const before = zone.spanAt(span.from - 1).offset;
  const behind = zone.spanAt(span.until).offset;
  const shown = tick + span.offset;
  const notes = tellsSkipped && Number.isFinite(previous) ? skippedBetween(local, zone, previous, tick) : [];
  const note = (kind: ClockNote["kind"], at: number, changeMs: number): readonly ClockNote[] => [
    ...notes,
    { kind, local: localText(at), changeMs },
  ];
  if (local.atOrAfter(shown) !== shown) return note("shifted", tick + before, span.offset - before);
  if (tick < span.from + before - span.offset) return note("second_of_two", shown, span.offset - before);
  if (tick >= span.until - (span.offset - behind)) return note("first_of_two", shown, behind - span.offset);
  return notes;
}

function skippedBetween(local: LocalCron, zone: Zone, from: number, until: number): readonly ClockNote[] {
  const notes: ClockNote[] = [];
  for (const { at, before, behind } of changesBetween(zone, from, until)) {
    for (let missing = local.atOrAfter(at + before); missing < at + behind; missing = local.atOrAfter(missing + 1)) {
      if (notes.length === mostSkipped) return notes;
      notes.push({ kind: "skipped", local: localText(missing), changeMs: behind - before });
    }
  }
  return notes;
}

/** Changes of the clocks within a time. */
export function notesOfInterval(zone: Zone, start: number, end: number): readonly ClockNote[] {
  return changesBetween(zone, start, end)
    .slice(0, mostSkipped)
    .map(({ at, before, behind }) => ({ kind: "change", local: localText(at + before), changeMs: behind - before }));
}

function changesBetween(zone: Zone, start: number, end: number) {
  const changes: { readonly at: number; readonly before: number; readonly behind: number }[] = [];
  let span = zone.spanAt(start);
  while (span.until < end) {
    const next = zone.spanAt(span.until);
    changes.push({ at: span.until, before: span.offset, behind: next.offset });
    span = next;
  }
  return changes;
}

/** A local time, counted as if it were UTC, as ISO text without a zone. */
function localText(local: number): string {
  return new Date(local).toISOString().replace(/(:00)?\.\d+Z$/, "");
}
