import { turn } from "../../time/turn.ts";
import type { Catchup } from "../../timetable/catchup.ts";
import { nextTick, type ScheduleView } from "./next-tick.ts";

/** Ticks that are looked at before others have their turn. */
const ticksPerTurn = 2_000;

/** True when a setting leaves out some of the runs that were missed. */
export function isBounded({ isOn, maxRuns, windowMs }: Catchup): boolean {
  return isOn && (maxRuns !== null || windowMs !== null);
}

/**
 * Which of the runs that are due by now are to be made, of a catchup setting with bounds: the start of the first interval
 * that has one. The window is looked at before the number. Others have their turn meanwhile, however many were missed.
 *
 * @throws `TIMETABLE_FAILED`
 */
export async function judgeBacklog(
  view: ScheduleView,
  { maxRuns, windowMs }: Catchup,
  now: number,
): Promise<number | null> {
  const oldest = windowMs === null ? Number.NEGATIVE_INFINITY : now - windowMs;
  const most = maxRuns ?? Number.POSITIVE_INFINITY;
  /** Starts of the newest intervals within the window, in a ring once there are as many as there may be. */
  const kept: number[] = [];
  let count = 0;
  /** The number of the first one within the window. */
  let firstWithin: number | undefined;
  let { position } = view;
  for (let step = 1; ; step++) {
    const tick = nextTick({ ...view, position, catchup: true }, now);
    if (tick === null || tick.runAfter > now) {
      // Where none is left out, the next one starts where it would without bounds: that may be off the grid.
      if (Math.max(firstWithin ?? step, step - most) === 1) return null;
      if (count > 0) return kept[count > kept.length ? count % kept.length : 0];
      // Nothing that was missed is made up for: it goes on with what comes.
      return tick?.start ?? position?.end ?? null;
    }
    if (tick.runAfter > oldest) {
      firstWithin ??= step;
      if (maxRuns !== null) kept[count % most] = tick.start;
      else if (count === 0) kept[0] = tick.start;
      count = maxRuns === null ? 1 : count + 1;
    }
    position = { start: tick.start, end: tick.end };
    if (step % ticksPerTurn === 0) await turn();
  }
}
