import { expect } from "vitest";
import {
  businessDays,
  continuous,
  cron,
  cronTrigger,
  type DurationInput,
  events,
  every,
  everyTrigger,
  isMillraceError,
  onCalendar,
  once,
  type Timetable,
} from "../../src/index.ts";
import { Temporal } from "../../src/time/temporal.ts";
import { type Tick, type TickQuery, ticksOf } from "../../src/timetable/ticks.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GroupReader, run, unknown, type Verdict } from "./verdict.ts";

/** Fields of a case that say what is asked; the others say what is expected. */
const questions = [
  ...["op", "timetable", "expr", "tz", "interval", "run_immediately", "restrict", "dates"],
  ...["now", "catchup", "earliest", "latest", "last", "run_after", "range", "at"],
] as const;
const answers = [
  ...["expect", "expect_chain", "expect_logical_dates", "expect_interval", "expect_start"],
  ...["expect_count", "expect_error", "expect_next", "expect_prev"],
] as const;

/** One run, a chain of runs, runs by hand and mistakes: every group of cases about timetables but the last. */
export const readTimetables: GroupReader = (fact) => {
  if (!hasOnly(fact, ...questions, ...answers)) return unknown;
  if (fact.timetable === "custom throwing") return readThrowing(fact);
  if (fact.op === "validate") return readMistake(fact);
  const make = makerOf(fact);
  if (!make) return unknown;
  switch (fact.op ?? "next") {
    case "infer_manual":
      return readManual(fact, make);
    case "iter_between":
      return readCount(fact, make);
    case "next/prev":
      return readNeighbours(fact, make);
    case "next":
      return readNext(fact, make);
    default:
      return unknown;
  }
};

type Maker = () => Timetable;

function makerOf(fact: AirflowCase): Maker | undefined {
  const { expr, dates } = fact;
  const timezone = typeof fact.tz === "string" ? fact.tz : undefined;
  const isText = typeof expr === "string";
  switch (fact.timetable ?? "cron-interval") {
    case "cron-interval":
      return isText ? () => cron(expr, { timezone }) : undefined;
    case "cron-trigger":
    case "multi-cron-trigger": {
      const { interval, run_immediately: first } = fact;
      return isText || Array.isArray(expr)
        ? () =>
            cronTrigger(expr as string | string[], {
              timezone,
              interval: typeof interval === "string" ? durationOf(interval) : undefined,
              runImmediately: typeof first === "string" ? durationOf(first) : (first as boolean | undefined),
            })
        : undefined;
    }
    case "delta-interval":
      return isText ? () => every(durationOf(expr), { timezone }) : undefined;
    case "delta-trigger":
      return isText ? () => everyTrigger(durationOf(expr), { timezone }) : undefined;
    case "events":
      return Array.isArray(dates)
        ? () => events(dates as string[], { restrictManual: fact.restrict === true })
        : undefined;
    case "continuous":
      return continuous;
    case "once":
      return once;
    case "after-workday example":
      return () => onCalendar(cron("@daily"), businessDays(), { skipped: "left_out" });
    default:
      return undefined;
  }
}

function durationOf(iso: string): DurationInput {
  return Temporal.Duration.from(iso);
}

/** ISO text without a zone is in UTC. */
function msOf(text: string): number {
  const ms = Date.parse(/^\d{4}-\d\d-\d\d$|Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw new Error(`'${text}' is no instant`);
  return ms;
}

function rangeOf(value: unknown): readonly [number, number] {
  if (typeof value === "string") return [msOf(value), msOf(value)];
  const [start, end] = value as [string, string];
  return [msOf(start), msOf(end)];
}

/** When nothing is said about the time it is later than everything. */
const farAway = Date.UTC(2400, 0);

function queriesOf(fact: AirflowCase): readonly TickQuery[] {
  const now = typeof fact.now === "string" ? msOf(fact.now) : farAway;
  const instant = (value: unknown): number | null => {
    if (value === "before now") return now - 3_600_000;
    if (value === "six hours ago") return now - 6 * 3_600_000;
    return typeof value === "string" ? msOf(value) : null;
  };
  const [lastStart, lastEnd] = fact.last === null || fact.last === undefined ? [null, null] : rangeOf(fact.last);
  const query = { lastStart, lastEnd, earliest: instant(fact.earliest), latest: instant(fact.latest), now };
  const catchups = fact.catchup === "both" ? [true, false] : [fact.catchup !== false];
  return catchups.map((catchup) => ({ ...query, catchup }));
}

function readNext(fact: AirflowCase, make: Maker): Verdict {
  if (!answers.some((field) => fact[field] !== undefined) && fact.run_after === undefined) return unknown;
  return run(() => {
    for (const query of queriesOf(fact)) {
      const ask = ticksOf(make());
      const tick = ask(query);
      const { expect: wanted, expect_chain: chain, expect_logical_dates: dates } = fact;
      if (wanted === null) expect(tick).toBeNull();
      else if (Array.isArray(wanted)) expect(shown(tick)).toEqual(texts(rangeOf(wanted)));
      else if (typeof wanted === "string")
        expect(iso(tick?.end)).toBe(iso(wanted.startsWith("= start_date") ? (query.earliest as number) : msOf(wanted)));
      if (fact.expect_interval !== undefined) expect(shown(tick)).toEqual(texts(rangeOf(fact.expect_interval)));
      if (fact.expect_start !== undefined) expect(iso(tick?.start)).toBe(iso(msOf(fact.expect_start as string)));
      if (fact.run_after !== undefined) expect(iso(tick?.runAfter)).toBe(iso(msOf(fact.run_after as string)));
      else if (tick) expect(iso(tick.runAfter)).toBe(iso(tick.end));
      if (Array.isArray(chain))
        expect(chainOf(make, query, chain.length).map(shown)).toEqual(
          chain.map((interval) => texts(rangeOf(interval))),
        );
      if (Array.isArray(dates))
        expect(chainOf(make, query, dates.length).map(({ start }) => iso(start))).toEqual(
          dates.map((date: string) => iso(msOf(date))),
        );
    }
  });
}

/** So many runs, each asked for with the one before. */
function chainOf(make: Maker, query: TickQuery, length: number): readonly Tick[] {
  const ask = ticksOf(make());
  const ticks: Tick[] = [];
  for (let next = query; ticks.length < length; ) {
    const tick = ask(next);
    if (tick === null) break;
    ticks.push(tick);
    next = { ...next, lastStart: tick.start, lastEnd: tick.end };
  }
  return ticks;
}

function readManual(fact: AirflowCase, make: Maker): Verdict {
  if (typeof fact.run_after !== "string") return unknown;
  return run(() => {
    const at = Temporal.Instant.fromEpochMilliseconds(msOf(fact.run_after as string));
    const interval = make().manual?.(at);
    expect([interval?.start, interval?.end].map((instant) => iso(instant?.epochMilliseconds))).toEqual(
      texts(rangeOf(fact.expect)),
    );
  });
}

function readCount(fact: AirflowCase, make: Maker): Verdict {
  if (!Array.isArray(fact.range) || typeof fact.expect_count !== "number") return unknown;
  return run(() => {
    const [earliest, latest] = rangeOf(fact.range);
    const query = { lastStart: null, lastEnd: null, earliest, latest, catchup: true, now: farAway };
    expect(chainOf(make, query, (fact.expect_count as number) + 1)).toHaveLength(fact.expect_count as number);
  });
}

/** The tick behind an instant, and the one before it. */
function readNeighbours(fact: AirflowCase, make: Maker): Verdict {
  if (typeof fact.at !== "string") return unknown;
  return run(() => {
    const at = msOf(fact.at as string);
    const query = { lastStart: at, lastEnd: at, earliest: null, latest: null, catchup: true, now: farAway };
    expect(iso(ticksOf(make())(query)?.start)).toBe(iso(msOf(fact.expect_next as string)));
    const manual = make().manual?.(Temporal.Instant.fromEpochMilliseconds(at));
    expect(iso(manual?.start.epochMilliseconds)).toBe(iso(msOf(fact.expect_prev as string)));
  });
}

const codes: Readonly<Record<string, RegExp>> = {
  "out of range": /^CRON_INVALID .* out of range$/,
  "must be positive": /^DURATION_INVALID /,
};

function readMistake(fact: AirflowCase): Verdict {
  const pattern = codes[String(fact.expect_error)];
  const make = makerOf(fact);
  if (!pattern || !make) return unknown;
  return run(() => {
    let refusal = "nothing was refused";
    try {
      make();
    } catch (error) {
      if (isMillraceError(error)) refusal = `${error.code} ${error.message}`;
    }
    expect(refusal).toMatch(pattern);
  });
}

function readThrowing(fact: AirflowCase): Verdict {
  if (fact.expect !== null) return unknown;
  return run(() => {
    const throwing: Timetable = {
      describe: () => "throwing",
      next: () => {
        throw new Error("no");
      },
    };
    const query = { lastStart: null, lastEnd: null, earliest: 0, latest: null, catchup: true, now: farAway };
    expect(() => ticksOf(throwing)(query)).toThrow(expect.objectContaining({ code: "TIMETABLE_FAILED" }));
  });
}

/** Presets mean what they stand for. What is told about jitter is a list of sentences. */
export const readPresets: GroupReader = (fact) => {
  if (fact.id !== "presets" || !hasOnly(fact, "expect")) return unknown;
  return run(() => {
    for (const [preset, expression] of Object.entries(fact.expect as Record<string, string>)) {
      const query = { lastStart: null, lastEnd: null, earliest: 0, latest: null, catchup: true, now: farAway };
      const ticksFrom = (text: string) => chainOf(() => cron(text), query, 50).map(shown);
      expect(ticksFrom(preset)).toEqual(ticksFrom(expression));
      expect(ticksFrom(preset)).toHaveLength(50);
    }
  });
};

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function texts(interval: readonly [number, number]): readonly (string | undefined)[] {
  return interval.map(iso);
}

function shown(tick: Tick | null): readonly (string | undefined)[] {
  return tick ? texts([tick.start, tick.end]) : [];
}
