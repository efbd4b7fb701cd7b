import { atOrAfter, atOrBefore, type InstantSequence } from "./instant-sequence.ts";
import type { Ticks } from "./ticks.ts";

/**
 * Runs about the time from one instant of a sequence to the next, due at its end: Airflow's data intervals.
 *
 * @param ends - where intervals end instead: at the next instant of this sequence
 */
export function intervalTicks(sequence: InstantSequence, ends: InstantSequence = sequence): Ticks {
  return ({ lastStart, lastEnd, earliest, latest, catchup, now }) => {
    let start = earliest === null ? Number.NEGATIVE_INFINITY : atOrAfter(sequence, earliest);
    if (!catchup) start = Math.max(start, lastCompleted(sequence, ends, now));
    if (lastStart !== null && lastEnd !== null) {
      start = Math.max(start, atOrBefore(sequence, lastEnd));
      // A run that was about less than ours are was made by another schedule: the rest of that time has no run yet.
      const isShorter = lastStart < lastEnd && lastEnd < ends.after(lastStart);
      if (isShorter && start <= lastStart) start = lastEnd;
      else start = Math.max(start, sequence.after(lastStart));
    }
    if (!Number.isFinite(start) || (latest !== null && start > latest)) return null;
    const end = ends.after(start);
    return Number.isFinite(end) ? { start, end, runAfter: end } : null;
  };
}

/** Where the last interval starts that has ended by now. */
export function lastCompleted(sequence: InstantSequence, ends: InstantSequence, now: number): number {
  const last = atOrBefore(sequence, now);
  return ends.after(last) > now ? sequence.before(last) : last;
}
