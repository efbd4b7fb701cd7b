import type { Timetable } from "../../src/index.ts";
import { type Tick, type TickQuery, ticksOf } from "../../src/timetable/ticks.ts";

/** ISO text without what is zero at its end. */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(":00.000Z", "Z").replace("T00:00Z", "");
}

const nothing: TickQuery = { lastStart: null, lastEnd: null, earliest: null, latest: null, catchup: true, now: 0 };

/** A question with instants as ISO text; what is not given is not there. */
export interface Question {
  readonly last?: readonly [start: string, end: string];
  readonly earliest?: string;
  readonly latest?: string;
  readonly catchup?: boolean;
  readonly now?: string;
}

function queryOf({ last, earliest, latest, catchup = true, now = "2400-01-01" }: Question): TickQuery {
  const ms = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));
  return {
    ...nothing,
    lastStart: ms(last?.[0]),
    lastEnd: ms(last?.[1]),
    earliest: ms(earliest),
    latest: ms(latest),
    catchup,
    now: Date.parse(now),
  };
}

/** Start, end and due time of the next run, as texts. */
export function nextOf(timetable: Timetable, question: Question): readonly string[] | null {
  const tick = ticksOf(timetable)(queryOf(question));
  return tick && [tick.start, tick.end, tick.runAfter].map(iso);
}

/** The runs from a question on, each asked for with the one before. */
export function runsOf(timetable: Timetable, question: Question, count: number): readonly Tick[] {
  const ticks: Tick[] = [];
  let query = queryOf(question);
  while (ticks.length < count) {
    const tick = ticksOf(timetable)(query);
    if (tick === null) break;
    ticks.push(tick);
    query = { ...query, lastStart: tick.start, lastEnd: tick.end };
  }
  return ticks;
}

/** Where these runs start, as texts. */
export function startsOf(timetable: Timetable, question: Question, count: number): readonly string[] {
  return runsOf(timetable, question, count).map(({ start }) => iso(start));
}
