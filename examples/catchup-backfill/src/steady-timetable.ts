import type { Timetable } from "@millrace/core";

/** Intervals of one length, laid end to end from an instant on. Each is due at its end. */
export function steady(periodMs: number, from = 0): Timetable {
  const floor = (at: number): number => Math.floor((at - from) / periodMs) * periodMs + from;
  return {
    describe: () => `every ${periodMs / 1_000} s`,
    next({ lastInterval, earliest, latest, catchup, now }) {
      const nowMs = now.epochMilliseconds;
      const bound = Math.max(
        earliest?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
        catchup && (lastInterval || earliest) ? Number.NEGATIVE_INFINITY : floor(nowMs) - periodMs,
      );
      let start = floor(bound + periodMs - 1);
      if (lastInterval) start = Math.max(start, floor(lastInterval.end.epochMilliseconds));
      if (latest && start > latest.epochMilliseconds) return null;
      const at = (ms: number) => now.add({ milliseconds: ms - nowMs });
      return { interval: { start: at(start), end: at(start + periodMs) }, runAfter: at(start + periodMs) };
    },
  };
}
