import type { Timetable, TimetableAnswer, TimetableQuery } from "@millrace/core";
import { instantAt } from "../../src/instants.ts";
import { timetableSuite } from "../../src/suites.ts";
import { type TimetableUnderTest, timetableCases } from "../../src/timetable/timetable-cases.ts";
import { proveSuite } from "../conformance/prove-suite.ts";

const hour = 3_600_000;

/** Whole hours (or another length), each run at the end of its interval. */
function every(ms: number): Timetable {
  const answer = (start: number): TimetableAnswer => {
    const interval = { start: instantAt(start), end: instantAt(start + ms) };
    return { interval, runAfter: interval.end };
  };
  return {
    describe: () => `every ${ms / hour} h`,
    next({ lastInterval, earliest, latest, catchup, now }: TimetableQuery) {
      const after = lastInterval ? lastInterval.end.epochMilliseconds : Number.NEGATIVE_INFINITY;
      const wanted = Math.max(after, earliest?.epochMilliseconds ?? after);
      if (!Number.isFinite(wanted)) return null;
      let start = Math.ceil(wanted / ms) * ms;
      if (!catchup) start = Math.max(start, Math.floor(now.epochMilliseconds / ms) * ms - ms);
      return latest && start > latest.epochMilliseconds ? null : answer(start);
    },
  };
}

/** Noon of every day but Sunday, due at that instant. */
function weekdays(): Timetable {
  const day = 24 * hour;
  const isSunday = (at: number): boolean => new Date(at).getUTCDay() === 0;
  return {
    describe: () => "noon of weekdays",
    next({ lastInterval, earliest, latest, catchup, now }) {
      const least = Math.max(
        lastInterval ? lastInterval.start.epochMilliseconds + 1 : -1e15,
        earliest?.epochMilliseconds ?? -1e15,
      );
      let at = Math.ceil((least - 12 * hour) / day) * day + 12 * hour;
      if (!catchup) {
        let newest = Math.floor((now.epochMilliseconds - 12 * hour) / day) * day + 12 * hour;
        while (isSunday(newest)) newest -= day;
        at = Math.max(at, newest);
      }
      while (isSunday(at)) at += day;
      if (latest && at > latest.epochMilliseconds) return null;
      const instant = instantAt(at);
      return { interval: { start: instant, end: instant }, runAfter: instant };
    },
  };
}

timetableSuite("every hour", () => ({ timetable: every(hour) }));
// Points in time: between two of them there is time that belongs to no run.
timetableSuite("noon of weekdays", () => ({ timetable: weekdays(), isContiguous: false }));

type Next = Timetable["next"];
const brokenBy = (breaks: (inner: Timetable) => Partial<Timetable>) => (): TimetableUnderTest => {
  const inner = every(hour);
  return { timetable: { ...inner, ...breaks(inner) } };
};
const nextBy = (change: (next: Next, query: TimetableQuery) => TimetableAnswer | null) =>
  brokenBy((inner) => ({ next: (query) => change(inner.next, query) }));
const shifted = (answer: TimetableAnswer | null, ms: number): TimetableAnswer | null =>
  answer && {
    ...answer,
    interval: {
      start: instantAt(answer.interval.start.epochMilliseconds + ms),
      end: instantAt(answer.interval.end.epochMilliseconds + ms),
    },
  };

proveSuite(timetableCases, {
  sound: { "every hour": () => ({ timetable: every(hour) }), "every day": () => ({ timetable: every(24 * hour) }) },
  broken: {
    "makes up for runs from which it should start": () => ({ timetable: every(hour), startsFromNow: true }),
    "describes itself by nothing": brokenBy(() => ({ describe: () => "" })),
    "describes itself by two lines": brokenBy(() => ({ describe: () => "every\nhour" })),
    "gives the same run again": nextBy((next, query) => next({ ...query, lastInterval: null })),
    "goes back": nextBy((next, query) => (query.lastInterval ? shifted(next(query), -2 * hour) : next(query))),
    "skips a run": nextBy((next, query) => (query.lastInterval ? shifted(next(query), hour) : next(query))),
    overlaps: nextBy((next, query) => (query.lastInterval ? shifted(next(query), -hour / 2) : next(query))),
    "ends before it begins": nextBy((next, query) => {
      const answer = next(query);
      return answer && { ...answer, interval: { start: answer.interval.end, end: answer.interval.start } };
    }),
    "is due before it begins": nextBy((next, query) => {
      const answer = next(query);
      return answer && { ...answer, runAfter: instantAt(answer.interval.start.epochMilliseconds - 1) };
    }),
    "is due earlier than the run before": nextBy((next, query) => {
      const answer = next(query);
      const isOdd = answer && (answer.interval.start.epochMilliseconds / hour) % 2 === 1;
      return answer && isOdd
        ? { ...answer, runAfter: instantAt(answer.runAfter.epochMilliseconds + 3 * hour) }
        : answer;
    }),
    "remembers what it was asked": brokenBy((inner) => {
      let asked = 0;
      return { next: (query) => shifted(inner.next(query), asked++ * hour) };
    }),
    "changes the question": nextBy((next, query) => {
      (query as { catchup: boolean }).catchup = true;
      return next(query);
    }),
    "does not know the earliest instant": nextBy((next, query) => shifted(next(query), -hour)),
    "does not know the latest instant": nextBy((next, query) => next({ ...query, latest: null })),
    "leaves out the latest instant": nextBy((next, query) => {
      const answer = next(query);
      return answer?.interval.start.epochMilliseconds === query.latest?.epochMilliseconds ? null : answer;
    }),
    "always catches up": nextBy((next, query) => next({ ...query, catchup: true })),
    "gives what is not due yet where it should catch up with nothing": nextBy((next, query) =>
      query.catchup ? next(query) : shifted(next(query), hour),
    ),
    "knows only its own intervals": nextBy((next, query) => {
      const { lastInterval } = query;
      if (lastInterval && lastInterval.start.epochMilliseconds % hour !== 0)
        return next({ ...query, lastInterval: null });
      return next(query);
    }),
    "does not know other centuries": nextBy((next, query) => {
      if (query.earliest && new Date(query.earliest.epochMilliseconds).getUTCFullYear() < 2000)
        throw new Error("unknown");
      return next(query);
    }),
    "ends too early": nextBy((next, query) => {
      const answer = next(query);
      return answer && answer.interval.start.epochMilliseconds > Date.UTC(2026, 0, 2) ? null : answer;
    }),
  },
});
