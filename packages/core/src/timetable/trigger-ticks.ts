import { atOrAfter, atOrBefore, type InstantSequence } from "./instant-sequence.ts";
import type { Ticks } from "./ticks.ts";

/** Whether a DAG that is new, and has no start date, begins with the instant that has just passed: always, or if that is no longer ago than so many milliseconds. */
export type FirstRun = "always" | "recent" | number;

export interface TriggerOptions {
  /** How far a run looks back: the length of its data interval. */
  readonly lookbackMs: number;
  readonly firstRun: FirstRun;
}

const recentMs = 300_000;

/** Runs that are due at each instant of a sequence. */
export function triggerTicks(sequence: InstantSequence, { lookbackMs, firstRun }: TriggerOptions): Ticks {
  return ({ lastStart, lastEnd, earliest, latest, catchup, now }) => {
    let tick = earliest === null ? Number.NEGATIVE_INFINITY : atOrAfter(sequence, earliest + lookbackMs);
    if (!catchup) tick = Math.max(tick, atOrBefore(sequence, now));
    if (lastStart !== null && lastEnd !== null) {
      tick = Math.max(tick, sequence.after(Math.max(lastEnd, lastStart + lookbackMs)));
    } else if (earliest === null) {
      tick = Math.max(tick, firstAt(sequence, now, firstRun));
    }
    const start = tick - lookbackMs;
    if (!Number.isFinite(start) || (latest !== null && start > latest)) return null;
    return { start, end: tick, runAfter: tick };
  };
}

function firstAt(sequence: InstantSequence, now: number, firstRun: FirstRun): number {
  const [past, next] = [atOrBefore(sequence, now), atOrAfter(sequence, now)];
  const limit =
    firstRun === "always"
      ? Number.POSITIVE_INFINITY
      : firstRun === "recent"
        ? Math.max((next - past) / 10, recentMs)
        : firstRun;
  return now - past <= limit && Number.isFinite(past) ? past : next;
}
