import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../src/index.ts";
import { Temporal } from "../../src/time/temporal.ts";
import { zoneOf, zoneUntil } from "../../src/time/zone.ts";
import { type CronFields, parseCron } from "../../src/timetable/cron-fields.ts";
import { type ClockPolicy, cronSequence, elapsedTime } from "../../src/timetable/cron-sequence.ts";
import type { InstantSequence } from "../../src/timetable/instant-sequence.ts";
import { slowTicks } from "./cron-oracle.ts";
import { anyCrons, dailyCrons, minutes, policies, secondCrons, zones } from "./random-crons.ts";

/** `MILLRACE_SOAK=1` looks at fifty times as many cases. */
const factor = process.env["MILLRACE_SOAK"] ? 50 : 1;
const timeout = 600_000;
/** The polyfill of older Nodes is slow. */
const share = "Temporal" in globalThis ? 1 : 0.25;
const runs = (count: number) => ({
  numRuns: Math.ceil(count * factor * share),
  ...(factor > 1 && { endOnFailure: true }),
});
const zone = fc.constantFrom(...zones);

/** An instant, mostly a few hours before the clocks of the zone are changed. */
const places = fc
  .tuple(zone, minutes, fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 9 }))
  .map(([timezone, near, minutesBefore, dice]) => {
    const { from, until } = zoneOf(timezone).spanAt(near);
    const change = [until, from].find((ms) => ms > Date.UTC(1970, 0, 3) && ms < Date.UTC(2038, 0));
    const at = dice === 0 || change === undefined ? near : Math.floor(change / 60_000 - minutesBefore) * 60_000;
    return { timezone, at };
  });

function parsed(expression: string): CronFields | undefined {
  try {
    return parseCron(expression);
  } catch (error) {
    if (isMillraceError(error, "CRON_NEVER")) return undefined;
    throw error;
  }
}

const policyOf = (fields: CronFields, policy: ClockPolicy) => (fields.coversEveryHour ? elapsedTime : policy);

/** The ticks between two instants, forwards; it also goes the same way back. */
function ticksBetween(sequence: InstantSequence, from: number, until: number): readonly number[] {
  const found: number[] = [];
  for (let at = sequence.after(from - 1); at <= until; at = sequence.after(at)) {
    if (found.length > 0) expect(at).toBeGreaterThan(found[found.length - 1]);
    found.push(at);
  }
  const back: number[] = [];
  for (let at = sequence.before(until + 1); at >= from; at = sequence.before(at)) back.push(at);
  expect(back.toReversed()).toEqual(found);
  return found;
}

describe("random crons in fifty zones from 1970 to 2037", () => {
  test("mean what a slow look at every local minute finds, forwards and back", { timeout }, () => {
    fc.assert(
      fc.property(dailyCrons, places, policies, fc.integer({ min: 5, max: 30 }), (expression, place, given, hours) => {
        const fields = parsed(expression) as CronFields;
        const policy = policyOf(fields, given);
        const [from, until] = [place.at, place.at + hours * 3_600_000];
        const sequence = cronSequence(fields, zoneOf(place.timezone), policy);
        const slow = slowTicks({ expression, timezone: place.timezone, policy, stepMs: 60_000 }, from, until);
        expect(ticksBetween(sequence, from, until)).toEqual(slow);
      }),
      runs(40),
    );
  });

  test("mean that to the second, too", { timeout }, () => {
    fc.assert(
      fc.property(secondCrons, places, policies, (expression, place, given) => {
        const fields = parsed(expression) as CronFields;
        const policy = policyOf(fields, given);
        const [from, until] = [place.at, place.at + 6 * 3_600_000];
        const sequence = cronSequence(fields, zoneOf(place.timezone), policy);
        const slow = slowTicks({ expression, timezone: place.timezone, policy, stepMs: 1_000 }, from, until);
        expect(ticksBetween(sequence, from, until)).toEqual(slow);
      }),
      runs(3),
    );
  });

  test("go forwards and back by the same steps, each to a local time that is meant or was shifted", { timeout }, () => {
    fc.assert(
      fc.property(anyCrons, places, policies, (expression, { timezone, at }, given) => {
        const fields = parsed(expression);
        if (!fields) return;
        const policy = policyOf(fields, given);
        const sequence = cronSequence(fields, zoneOf(timezone), policy);
        const pattern = new Cron(expression, { utcOffset: 0, paused: true });
        let tick = at;
        for (let step = 0; step < 30; step++) {
          const next = sequence.after(tick);
          expect(next).toBeGreaterThan(tick);
          if (step > 0) expect(sequence.before(next)).toBe(tick);
          expect(sequence.before(next + 1)).toBe(next);
          expect(sequence.after(next - 1)).toBe(next);
          const local = next + zoneOf(timezone).spanAt(next).offset;
          if (!pattern.match(new Date(local))) {
            const span = zoneOf(timezone).spanAt(next);
            const before = zoneOf(timezone).spanAt(span.from - 1).offset;
            expect([policy.gap, next - span.from < span.offset - before]).toEqual(["shift", true]);
            expect(pattern.match(new Date(next + before))).toBe(true);
          }
          tick = next;
        }
      }),
      runs(150),
    );
  });
});

describe("random crons", () => {
  test("are read as croner reads them: in UTC both find the same ticks, and none for the same expressions", {
    timeout,
  }, () => {
    fc.assert(
      fc.property(fc.oneof(anyCrons, secondCrons), minutes, (expression, at) => {
        const theirs = new Cron(expression, { utcOffset: 0, paused: true });
        const fields = parsed(expression);
        if (!fields) {
          expect(theirs.nextRun(new Date(at))).toBeNull();
          return;
        }
        const sequence = cronSequence(fields, zoneOf("UTC"), elapsedTime);
        let tick = at;
        for (const date of theirs.nextRuns(8, new Date(at))) {
          tick = sequence.after(tick);
          expect(tick).toBe(date.getTime());
        }
        const [previous] = theirs.previousRuns(1, new Date(at));
        expect(sequence.before(at)).toBe(previous?.getTime() ?? Number.NEGATIVE_INFINITY);
      }),
      runs(200),
    );
  });

  test("of every hour step through changes of the clocks as croner does", { timeout }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), places, (every, { timezone, at }) => {
        const expression = `*/${every} * * * *`;
        const sequence = cronSequence(parseCron(expression), zoneOf(timezone), elapsedTime);
        let tick = at;
        for (const date of new Cron(expression, { timezone, paused: true }).nextRuns(12, new Date(at))) {
          tick = sequence.after(tick);
          expect([timezone, expression, new Date(tick).toISOString()]).toEqual([
            timezone,
            expression,
            date.toISOString(),
          ]);
        }
      }),
      runs(40),
    );
  });
});

describe("zones", () => {
  test("are the same distance from UTC as Temporal says, and spans follow each other without gaps", { timeout }, () => {
    fc.assert(
      fc.property(zone, fc.integer({ min: Date.UTC(1850, 0), max: Date.UTC(2100, 0) }), (timezone, at) => {
        const span = zoneOf(timezone).spanAt(at);
        const offsetAt = (ms: number) =>
          Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6;
        expect([span.from <= at, at < span.until]).toEqual([true, true]);
        for (const ms of [at, span.from, span.until - 1]) expect(offsetAt(ms)).toBe(span.offset);
        const next = zoneOf(timezone).spanAt(span.until);
        if (span.until === zoneUntil) return;
        expect([next.from, next.offset === span.offset]).toEqual([span.until, false]);
        expect(zoneOf(timezone).spanAt(next.from - 1)).toEqual(span);
      }),
      runs(300),
    );
  });
});
