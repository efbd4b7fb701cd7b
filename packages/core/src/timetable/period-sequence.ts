import { zoneFrom, zoneUntil } from "../time/zone.ts";
import type { InstantSequence } from "./instant-sequence.ts";
import type { Period } from "./period.ts";

/** The instants that are a whole number of periods away from an anchor: a month after 31 January, and then another, is 31 March. */
export function periodSequence(period: Period, anchor: number, timezone: string): InstantSequence {
  const at = (count: number): number => period.plus(anchor, count, timezone);
  const limited = (ms: number): number =>
    ms >= zoneUntil ? Number.POSITIVE_INFINITY : ms <= zoneFrom ? Number.NEGATIVE_INFINITY : ms;
  /** The number of the last instant at or before this. */
  function numberAt(ms: number): number {
    let count = Math.floor((ms - anchor) / (at(1) - anchor));
    while (at(count) > ms) count -= Math.max(1, Math.floor((at(count) - ms) / (at(1) - anchor)));
    while (at(count + 1) <= ms) count++;
    return count;
  }
  return {
    after: (ms) => limited(at(numberAt(Math.min(Math.max(ms, zoneFrom), zoneUntil)) + 1)),
    before: (ms) => limited(at(numberAt(Math.min(Math.max(ms, zoneFrom), zoneUntil) - 1))),
  };
}
