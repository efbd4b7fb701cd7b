import { coreError } from "../../errors.ts";
import type { Tick, Ticks } from "../../timetable/ticks.ts";

/** A data interval that has its run. Milliseconds since the epoch. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

/** What decides about a DAG's next scheduled run. */
export interface ScheduleView {
  /** What the timetable says of itself, for errors. */
  readonly name: string;
  readonly ticks: Ticks;
  /** Interval of the newest scheduled run. */
  readonly position: Position | null;
  /** No interval starts before this. */
  readonly earliest: number | null;
  /** No interval starts after this. */
  readonly latest: number | null;
  readonly catchup: boolean;
}

/** A timetable may answer so often with what is past already, before it is taken for one that does not move. */
const mostRepeats = 1_000;

/**
 * The next scheduled run after the position; `null` when there is none any more. Runs follow one another: after a change
 * of its schedule a DAG's first interval begins where the last one ended, if it would begin at one that has its run.
 *
 * @throws `TIMETABLE_FAILED`
 */
export function nextTick({ name, ticks, position, earliest, latest, catchup }: ScheduleView, now: number): Tick | null {
  let last: Position | null = position;
  for (let repeat = 0; repeat < mostRepeats; repeat++) {
    const tick = ticks({ lastStart: last?.start ?? null, lastEnd: last?.end ?? null, earliest, latest, catchup, now });
    if (tick === null || position === null || tick.start >= position.end) return tick;
    if (tick.end > position.end) return tick.start > position.start ? tick : { ...tick, start: position.end };
    // Wholly within what has its run: an old schedule had longer intervals.
    if (last !== null && last !== position && tick.start <= last.start) break;
    last = tick;
  }
  throw coreError("TIMETABLE_FAILED", {
    timetable: name,
    why: "it answered again and again with what has its run already, instead of with what follows",
  });
}
