import { isMillraceError, messageOf } from "@millrace/core/plugin";
import ICAL from "ical.js";
import { RRuleTemporal } from "rrule-temporal";
import { backfillError } from "../errors.ts";
import { dayMs, dayOfDate, type LocalDays } from "./local-days.ts";

/** Largest calendar that is read, in characters. */
export const longestCalendar = 4_194_304;
const mostEvents = 20_000;
const mostRules = 2_000;
/** Occurrences of all events together, and steps on the way to them of one rule. */
const mostOccurrences = 100_000;
const mostSteps = 20_000;
/** Longest event. */
const mostDaysOfEvent = 3_700;

/** The days from `first` to `last` that a calendar is wanted for, and how an instant becomes one. */
export interface DaySpan {
  readonly first: number;
  readonly last: number;
  readonly localDays: LocalDays;
}

/**
 * Every local date on which an event of an iCalendar text takes place, as numbers of days. Events have whole days or times;
 * those with a time count by the clock that they are written in, UTC times by the DAG's. Repeated ones (RRULE, RDATE) are
 * followed with their exceptions (EXDATE, RECURRENCE-ID); cancelled ones do not count.
 *
 * @throws `BACKFILL_CALENDAR_INVALID`
 */
export function daysOfIcs(text: string, span: DaySpan): ReadonlySet<number> {
  try {
    return daysOf(seriesOf(text), span);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    // Values are read when they are asked for.
    throw invalid(`it cannot be read as iCalendar: ${messageOf(error).slice(0, 100)}`, error);
  }
}

function daysOf(all: readonly Series[], span: DaySpan): ReadonlySet<number> {
  const days = new Set<number>();
  let left = mostOccurrences;
  for (const series of all) {
    for (const { first, length } of occurrencesOf(series, span, left)) {
      if (--left < 0) throw tooMany();
      for (let day = Math.max(first, span.first); day < first + length && day <= span.last; day++) days.add(day);
    }
  }
  return days;
}

/** An event with those that stand for single occurrences of it. */
interface Series {
  readonly event: ICAL.Component;
  readonly exceptions: readonly ICAL.Component[];
}

function seriesOf(text: string): readonly Series[] {
  if (text.length > longestCalendar) throw invalid(`it has more than ${longestCalendar} characters`);
  const root = new ICAL.Component(ICAL.parse(text));
  if (root.name !== "vcalendar") throw invalid("it is no VCALENDAR");
  const events = root.getAllSubcomponents("vevent");
  if (events.length > mostEvents) throw invalid(`it has more than ${mostEvents} events`);
  if (events.filter((event) => event.hasProperty("rrule")).length > mostRules)
    throw invalid(`it has more than ${mostRules} repeated events`);
  const exceptions = new Map<string, ICAL.Component[]>();
  for (const event of events) {
    if (!event.hasProperty("recurrence-id")) continue;
    const uid = textOf(event, "uid");
    exceptions.set(uid, [...(exceptions.get(uid) ?? []), event]);
  }
  return events
    .filter((event) => !event.hasProperty("recurrence-id"))
    .map((event) => ({ event, exceptions: exceptions.get(textOf(event, "uid")) ?? [] }));
}

interface Occurrence {
  readonly first: number;
  /** Days. */
  readonly length: number;
}

function* occurrencesOf({ event, exceptions }: Series, span: DaySpan, most: number): Generator<Occurrence> {
  const length = lengthOf(event, span);
  if (isCancelled(event)) return;
  // An exception takes the place of the occurrence that it names, wherever that lies.
  const left = new Set(exceptions.map((exception) => dayOf(exception, "recurrence-id", span)));
  for (const property of event.getAllProperties("exdate"))
    for (const time of property.getValues()) left.add(dayOfTime(time as ICAL.Time, span));
  const days =
    event.hasProperty("rrule") || event.hasProperty("rdate")
      ? repeated(event, span, length, most)
      : [dayOf(event, "dtstart", span)];
  for (const first of days) if (!left.has(first)) yield { first, length };
  for (const exception of exceptions)
    if (!isCancelled(exception)) yield { first: dayOf(exception, "dtstart", span), length: lengthOf(exception, span) };
}

/** The first days of a repeated event, by its rules and its listed dates. */
function repeated(event: ICAL.Component, span: DaySpan, length: number, most: number): ReadonlySet<number> {
  const start = startOf(event);
  const days = new Set<number>([dayOf(event, "dtstart", span)]);
  for (const property of event.getAllProperties("rrule")) {
    for (const value of property.getValues()) {
      const found = occurrencesOfRule(value as ICAL.Recur, start, span, length);
      if (found.length > most) throw tooMany();
      for (const one of found) {
        const at = Date.parse(String(one).replace(/\[.*$/, ""));
        days.add(isUtc(start) ? span.localDays(at) : Math.floor(at / dayMs));
      }
    }
  }
  for (const property of event.getAllProperties("rdate"))
    for (const value of property.getValues())
      days.add(dayOfTime((value instanceof ICAL.Period ? value.start : value) as ICAL.Time, span));
  return days;
}

/** The clock of an event goes on as if it were UTC: the dates are the same, and no zone has to be known. */
function occurrencesOfRule(rule: ICAL.Recur, start: ICAL.Time, span: DaySpan, length: number): readonly unknown[] {
  const isOften = ["BYHOUR", "BYMINUTE", "BYSECOND"].some((part) => rule.getComponent(part).length > 1);
  if (isOften || /HOURLY|MINUTELY|SECONDLY/.test(rule.freq)) throw invalid("an event repeats several times a day");
  const { until } = rule;
  if (until && !until.isDate && isUtc(until) && !isFloating(start)) {
    rule.until = until.convertToZone(start.zone as ICAL.Timezone);
    rule.until.zone = ICAL.Timezone.utcTimezone;
  }
  const rruleString = `DTSTART:${asUtc(start)}\nRRULE:${rule.toString()}`;
  const limits = { maxIterations: mostSteps, maxCandidateEvaluations: 10 * mostSteps, includeDtstart: true };
  try {
    // A day more on both sides: what the DAG's clock shows is at most that far from the event's.
    const from = new Date((span.first - length - 1) * dayMs);
    return new RRuleTemporal({ rruleString, ...limits }).between(from, new Date((span.last + 2) * dayMs), true);
  } catch (error) {
    throw invalid(`the rule of an event cannot be followed: ${messageOf(error).slice(0, 100)}`, error);
  }
}

/** Days that an event takes, from its first. */
function lengthOf(event: ICAL.Component, span: DaySpan): number {
  const first = dayOf(event, "dtstart", span);
  const start = startOf(event);
  const end = event.getFirstPropertyValue("dtend");
  const duration = event.getFirstPropertyValue("duration");
  let last = first;
  if (end instanceof ICAL.Time) last = lastDayBefore(end, span);
  else if (duration instanceof ICAL.Duration) {
    const until = start.clone();
    until.addDuration(duration);
    last = lastDayBefore(until, span);
  }
  const length = Math.max(1, last - first + 1);
  if (length > mostDaysOfEvent) throw invalid(`it has an event of more than ${mostDaysOfEvent} days`);
  return length;
}

/** The day that an end which is not part of the event leaves as the last one. */
function lastDayBefore(end: ICAL.Time, span: DaySpan): number {
  const before = end.clone();
  if (end.isDate) before.adjust(-1, 0, 0, 0);
  else before.adjust(0, 0, 0, -1);
  return dayOfTime(before, span);
}

function dayOf(event: ICAL.Component, name: "dtstart" | "recurrence-id", span: DaySpan): number {
  const time = event.getFirstPropertyValue(name);
  if (!(time instanceof ICAL.Time)) throw invalid(`it has an event without ${name.toUpperCase()}`);
  return dayOfTime(time, span);
}

function startOf(event: ICAL.Component): ICAL.Time {
  return event.getFirstPropertyValue("dtstart") as ICAL.Time;
}

function dayOfTime(time: ICAL.Time, span: DaySpan): number {
  if (isUtc(time)) return span.localDays(time.toUnixTime() * 1_000);
  return dayOfDate(time.toString().slice(0, 10));
}

/** The fields of the event's own clock. */
function asUtc(time: ICAL.Time): string {
  const digits = time.toString().replace(/[-:Z]/g, "");
  return `${digits.slice(0, 8)}T${time.isDate ? "000000" : digits.slice(9, 15)}Z`;
}

function isUtc(time: ICAL.Time): boolean {
  return !time.isDate && time.zone === ICAL.Timezone.utcTimezone;
}

function isFloating(time: ICAL.Time): boolean {
  return time.isDate || time.zone === ICAL.Timezone.localTimezone || isUtc(time);
}

function isCancelled(event: ICAL.Component): boolean {
  return textOf(event, "status").toUpperCase() === "CANCELLED";
}

function textOf(event: ICAL.Component, name: string): string {
  return String(event.getFirstPropertyValue(name) ?? "");
}

function tooMany() {
  return invalid(`it has more than ${mostOccurrences} occurrences in the range`);
}

function invalid(why: string, cause?: unknown) {
  return backfillError("BACKFILL_CALENDAR_INVALID", { why }, cause === undefined ? {} : { cause });
}
