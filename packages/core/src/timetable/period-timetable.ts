import { type InstantInput, parseInstant } from "../time/instant.ts";
import type { Instant } from "../time/temporal.ts";
import { exactDuration, type Period } from "./period.ts";
import { periodSequence } from "./period-sequence.ts";
import { madeOf, type Rhythm, sequenceTimetable } from "./sequence-timetable.ts";
import { intervalOf, type Ticks, timetableOf } from "./ticks.ts";
import type { Timetable, TimetableDag } from "./timetable.ts";

/** Everything about a timetable of periods; what the DAG decides may be missing. */
export interface PeriodSetting {
  readonly period: Period;
  readonly anchor: InstantInput | undefined;
  readonly timezone: string | undefined;
  readonly rhythm: Rhythm;
}

/** The timetable of a setting; one that needs the DAG's zone is made again for the DAG. */
export function periodTimetable(setting: PeriodSetting): Timetable {
  const { period, anchor, timezone = "UTC", rhythm } = setting;
  const forDag =
    setting.timezone === undefined
      ? (dag: TimetableDag) => periodTimetable({ ...setting, timezone: dag.timezone })
      : undefined;
  const describe = () => described(setting);
  // What others are made of has instants of its own, wherever a DAG begins.
  const sequence = periodSequence(period, parseInstant(anchor ?? "1970-01-01", timezone), timezone);
  if (anchor !== undefined) return sequenceTimetable({ sequence, rhythm, timezone, describe, forDag });
  const lookback = rhythm.kind === "trigger" ? rhythm.lookbackMs : undefined;
  return timetableOf(
    lookback === undefined ? intervalsFrom(period, timezone) : momentsFrom(period, timezone, lookback),
    {
      describe,
      timezone,
      manual(at: Instant) {
        const end = at.epochMilliseconds;
        return intervalOf(lookback === undefined ? period.plus(end, -1, timezone) : end - lookback, end);
      },
      ...(forDag && { forDag }),
      ...madeOf({ sequence, rhythm, timezone }),
    },
  );
}

/** Periods that begin at the start date, each where the one before ended. */
function intervalsFrom(period: Period, timezone: string): Ticks {
  return ({ lastStart, lastEnd, earliest, latest, catchup, now }) => {
    let start = earliest ?? Number.NEGATIVE_INFINITY;
    // Without catching up: not before the last period that is complete.
    if (!catchup) start = Math.max(start, period.stepsUpTo(now, lastEnd ?? earliest, timezone).before);
    if (lastStart !== null && lastEnd !== null)
      start = Math.max(start, lastEnd > lastStart ? lastEnd : period.plus(lastEnd, 1, timezone));
    if (!Number.isFinite(start) || (latest !== null && start > latest)) return null;
    const end = period.plus(start, 1, timezone);
    return { start, end, runAfter: end };
  };
}

/** Instants that begin at the start date, each a period after the one before. */
function momentsFrom(period: Period, timezone: string, lookbackMs: number): Ticks {
  return ({ lastStart, lastEnd, earliest, latest, catchup, now }) => {
    const first = earliest === null ? null : earliest + lookbackMs;
    let tick = first ?? Number.NEGATIVE_INFINITY;
    if (!catchup) tick = Math.max(tick, period.stepsUpTo(now, lastEnd ?? first ?? now, timezone).last);
    if (lastStart !== null && lastEnd !== null)
      tick = Math.max(tick, period.plus(Math.max(lastEnd, lastStart + lookbackMs), 1, timezone));
    else if (first === null) tick = now;
    const start = tick - lookbackMs;
    return latest !== null && start > latest ? null : { start, end: tick, runAfter: tick };
  };
}

function described({ period, anchor, timezone = "UTC", rhythm }: PeriodSetting): string {
  const more = [
    ...(timezone === "UTC" ? [] : [timezone]),
    ...(anchor === undefined ? [] : [`from ${String(anchor)}`]),
    ...(rhythm.kind === "trigger" && rhythm.lookbackMs > 0 ? [`interval ${exactDuration(rhythm.lookbackMs)}`] : []),
  ];
  const list = more.length > 0 ? ` (${more.join(", ")})` : "";
  return `${rhythm.kind === "trigger" ? "at " : ""}every ${period.description}${list}`;
}
