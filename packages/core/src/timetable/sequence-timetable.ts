import type { InstantSequence } from "./instant-sequence.ts";
import { intervalTicks, lastCompleted } from "./interval-ticks.ts";
import { intervalOf, timetableOf } from "./ticks.ts";
import type { Timetable, TimetableDag } from "./timetable.ts";
import { type FirstRun, triggerTicks } from "./trigger-ticks.ts";

/** How runs follow from instants. */
export type Rhythm =
  /** A run is about the time from one instant to the next, and due at its end. */
  | {
      readonly kind: "interval";
      /** Where intervals end, if not at the next instant: at the next one of this sequence. */
      readonly ends?: InstantSequence;
    }
  /** A run is due at each instant, and about so much time before it. */
  | { readonly kind: "trigger"; readonly lookbackMs: number; readonly firstRun: FirstRun };

/** What a timetable made of instants is made of. */
export interface SequenceParts {
  readonly sequence: InstantSequence;
  readonly rhythm: Rhythm;
  readonly timezone: string;
}

export interface SequenceTimetable extends SequenceParts {
  readonly describe: () => string;
  readonly forDag?: (dag: TimetableDag) => Timetable;
}

const parts = Symbol.for("millrace.timetable.sequence");

/** What makes a timetable one that {@link partsOf} knows. */
export function madeOf(given: SequenceParts): object {
  return { [parts]: { sequence: given.sequence, rhythm: given.rhythm, timezone: given.timezone } };
}

/** A timetable whose runs follow from a sequence of instants. */
export function sequenceTimetable({ sequence, rhythm, timezone, describe, forDag }: SequenceTimetable): Timetable {
  const facts = {
    describe,
    timezone,
    manual(at: { readonly epochMilliseconds: number }) {
      const ms = at.epochMilliseconds;
      if (rhythm.kind === "trigger") return intervalOf(ms - rhythm.lookbackMs, ms);
      const start = lastCompleted(sequence, rhythm.ends ?? sequence, ms);
      return Number.isFinite(start) ? intervalOf(start, (rhythm.ends ?? sequence).after(start)) : intervalOf(ms, ms);
    },
    ...(forDag && { forDag }),
    ...madeOf({ sequence, rhythm, timezone }),
  };
  return timetableOf(
    rhythm.kind === "interval" ? intervalTicks(sequence, rhythm.ends) : triggerTicks(sequence, rhythm),
    facts,
  );
}

/** What a timetable is made of, if it is made of instants: others can be made of it. */
export function partsOf(timetable: Timetable): SequenceParts | undefined {
  return (timetable as { readonly [parts]?: SequenceParts })[parts];
}
