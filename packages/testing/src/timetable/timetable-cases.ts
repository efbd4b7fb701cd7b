import type { DataInterval, Timetable, TimetableAnswer, TimetableQuery } from "@millrace/core";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { instantAt } from "../instants.ts";

/** What the suite is given for each of its tests. */
export interface TimetableUnderTest {
  readonly timetable: Timetable;
  /** ISO text: from here on the schedule has runs. Default `2026-01-01T00:00:00Z`. */
  readonly from?: string;
  /** Whether each interval begins where the one before ends. Default true; say false for schedules with gaps, and why. */
  readonly isContiguous?: boolean;
  /** Without catching up it makes no run that is due already, as a list of events does. Default false: the last one that is due. */
  readonly startsFromNow?: boolean;
  /** How many runs are looked at in a row. Default 400; fewer for a schedule that ends. */
  readonly steps?: number;
}

const day = 86_400_000;

/** What is asked, with what is usual filled in; frozen, because nothing of it may be changed. */
function ask(query: Partial<{ [K in keyof TimetableQuery]: TimetableQuery[K] | number }>): TimetableQuery {
  const instant = (value: unknown) => (typeof value === "number" ? instantAt(value) : (value ?? null));
  return Object.freeze({
    lastInterval: query.lastInterval ?? null,
    earliest: instant(query.earliest),
    latest: instant(query.latest),
    catchup: query.catchup ?? true,
    now: instant(query.now ?? Date.UTC(2400, 0)),
  }) as TimetableQuery;
}

/** The runs of a schedule, one after the other, at most so many. */
function walk(timetable: Timetable, steps: number, query: Parameters<typeof ask>[0]): TimetableAnswer[] {
  const answers: TimetableAnswer[] = [];
  let lastInterval: DataInterval | null = null;
  while (answers.length < steps) {
    const answer = timetable.next(ask({ ...query, lastInterval: lastInterval as DataInterval }));
    if (answer === null) break;
    answers.push(answer);
    lastInterval = answer.interval;
  }
  return answers;
}

const start = ({ interval }: TimetableAnswer): number => interval.start.epochMilliseconds;
const end = ({ interval }: TimetableAnswer): number => interval.end.epochMilliseconds;
const due = ({ runAfter }: TimetableAnswer): number => runAfter.epochMilliseconds;
const plain = (answer: TimetableAnswer | null) => answer && [start(answer), end(answer), due(answer)];
const fromOf = ({ from = "2026-01-01T00:00:00Z" }: TimetableUnderTest): number => Date.parse(from);
const stepsOf = ({ steps = 400 }: TimetableUnderTest): number => steps;

export const timetableCases: readonly ConformanceCase<TimetableUnderTest>[] = [
  {
    name: "says in one line what it is",
    run({ timetable }) {
      expect(timetable.describe()).toMatch(/^\S.*\S$/);
      expect(timetable.describe()).toBe(timetable.describe());
    },
  },
  {
    name: "goes on from run to run: starts grow, a run is due when its interval has begun, and never before the one before",
    run(subject) {
      const answers = walk(subject.timetable, stepsOf(subject), { earliest: fromOf(subject) });
      expect(answers).toHaveLength(stepsOf(subject));
      answers.forEach((answer, place) => {
        expect(end(answer)).toBeGreaterThanOrEqual(start(answer));
        expect(due(answer)).toBeGreaterThanOrEqual(start(answer));
        const before = answers[place - 1];
        if (!before) return;
        expect(start(answer)).toBeGreaterThan(start(before));
        expect(due(answer)).toBeGreaterThanOrEqual(due(before));
      });
    },
  },
  {
    name: "leaves no time out and counts none twice: an interval begins where the one before ends",
    run(subject) {
      const answers = walk(subject.timetable, stepsOf(subject), { earliest: fromOf(subject) });
      for (const [place, answer] of answers.entries()) {
        const before = answers[place - 1];
        if (before && subject.isContiguous !== false) expect(start(answer)).toBe(end(before));
        else if (before) expect(start(answer)).toBeGreaterThanOrEqual(end(before));
      }
    },
  },
  {
    name: "is pure: the same question has the same answer, whatever was asked between, and nothing of it is changed",
    run(subject) {
      const { timetable } = subject;
      const [first, second] = walk(timetable, 2, { earliest: fromOf(subject) });
      const question = ask({ earliest: fromOf(subject), lastInterval: first?.interval });
      for (let round = 0; round < 3; round++) {
        expect(plain(timetable.next(question))).toEqual(plain(second ?? null));
        timetable.next(ask({ earliest: fromOf(subject) + round * day, catchup: round % 2 === 0 }));
        walk(timetable, 3, { earliest: fromOf(subject) });
      }
    },
  },
  {
    name: "no interval starts before the earliest instant",
    run(subject) {
      for (const offset of [0, 1, 999, 60_000, 3_599_999, day + 7, 40 * day]) {
        const earliest = fromOf(subject) + offset;
        const answer = subject.timetable.next(ask({ earliest }));
        if (answer) expect(start(answer)).toBeGreaterThanOrEqual(earliest);
      }
    },
  },
  {
    name: "no interval starts after the latest instant, and then there is none any more",
    run(subject) {
      const { timetable } = subject;
      const all = walk(timetable, Math.min(20, stepsOf(subject)), { earliest: fromOf(subject) });
      for (const [place, last] of all.entries()) {
        const answers = walk(timetable, all.length + 5, { earliest: fromOf(subject), latest: start(last) });
        expect(answers.map(plain)).toEqual(all.slice(0, place + 1).map(plain));
      }
      expect(timetable.next(ask({ earliest: fromOf(subject) + day, latest: fromOf(subject) }))).toBeNull();
    },
  },
  {
    name: "without catching up it goes to the last run that is due, and misses none after it",
    run(subject) {
      const { timetable } = subject;
      const all = walk(timetable, stepsOf(subject), { earliest: fromOf(subject) });
      for (const place of [0, 1, Math.floor(all.length / 2), all.length - 2]) {
        const [last, following] = [all[place], all[place + 1]];
        if (!last || !following || due(following) <= due(last)) continue;
        for (const now of [due(last), due(following) - 1]) {
          const query = { earliest: fromOf(subject), catchup: false, now };
          const answer = timetable.next(ask(query));
          expect(plain(answer)).toEqual(plain(subject.startsFromNow && now > due(last) ? following : last));
          // The run of `last` is there: the next one is the one that follows, not due yet.
          expect(plain(timetable.next(ask({ ...query, lastInterval: last.interval })))).toEqual(plain(following));
        }
      }
    },
  },
  {
    name: "goes on from an interval that it has not made itself",
    run(subject) {
      const { timetable } = subject;
      const [first] = walk(timetable, 1, { earliest: fromOf(subject) });
      if (!first) return;
      for (const shift of [1, 1_000, 60_001, 5 * day + 3]) {
        const foreign = { start: instantAt(start(first) + shift), end: instantAt(end(first) + shift) };
        const answer = timetable.next(ask({ earliest: fromOf(subject), lastInterval: foreign }));
        if (answer) expect(start(answer)).toBeGreaterThan(start(first) + shift);
      }
    },
  },
  {
    name: "answers far from today, forward from there or with nothing",
    run({ timetable }) {
      for (const year of [1970, 1999, 2038, 2100, 9990]) {
        const now = Date.UTC(year, 11, 31);
        const answers = walk(timetable, 30, { earliest: Date.UTC(year, 1, 27), now });
        for (const [place, answer] of answers.entries()) {
          const before = answers[place - 1];
          if (before) expect(start(answer)).toBeGreaterThan(start(before));
        }
        const latest = timetable.next(ask({ earliest: Date.UTC(year, 1, 27), now, catchup: false }));
        if (latest) expect(start(latest)).toBeGreaterThanOrEqual(Date.UTC(year, 1, 27));
      }
    },
  },
];
