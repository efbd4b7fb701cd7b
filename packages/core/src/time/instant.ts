import { coreError, isMillraceError, shown } from "../errors.ts";
import { parseDuration } from "./duration.ts";
import { type Instant, Temporal, type ZonedDateTime } from "./temporal.ts";
import { ianaNameOf } from "./windows-zones.ts";

/** A point in time as people write it: ISO text with offset or zone, a bare date (midnight in the DAG's zone), or a `Temporal` value. */
export type InstantInput = string | Instant | ZonedDateTime;

/** As far from 1970 as a date can be. */
const furthestMs = 8.64e15;
const bareDate = /^\d{4}-\d{2}-\d{2}$/;
const relative = /^-(\S+)$/;

/**
 * An instant in milliseconds since the epoch.
 *
 * @param timezone - where a bare date has its midnight
 * @param now - what `"-30d"` counts back from; without it such text is refused
 * @throws `INSTANT_INVALID`
 */
export function parseInstant(value: InstantInput, timezone: string, now?: number): number {
  try {
    const ms = typeof value === "string" ? fromText(value, timezone, now) : value.epochMilliseconds;
    if (Number.isFinite(ms) && Math.abs(ms) <= furthestMs) return ms;
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw coreError("INSTANT_INVALID", { value: shown(value) }, { cause: error });
  }
  throw coreError("INSTANT_INVALID", { value: shown(value) });
}

function fromText(value: string, timezone: string, now: number | undefined): number {
  const back = relative.exec(value);
  if (back && now !== undefined) return now - parseDuration(back[1]);
  if (bareDate.test(value)) return Temporal.PlainDate.from(value).toZonedDateTime(timezone).epochMilliseconds;
  if (value.includes("[")) return Temporal.ZonedDateTime.from(value).epochMilliseconds;
  return Temporal.Instant.from(value).epochMilliseconds;
}

/** True for text such as `"-30d"`, which is resolved when the DAG is first registered. */
export function isRelative(value: InstantInput): value is string {
  return typeof value === "string" && relative.test(value);
}

/**
 * The zone itself, once it is known to be one.
 *
 * @throws `TIMEZONE_INVALID`
 */
export function checkTimezone(value: string): string {
  if (value === "UTC") return value;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
  } catch (error) {
    const values = {
      value: shown(value),
      version: process.versions.tz ?? "unknown",
      example: ianaNameOf(value) ?? "Europe/Berlin",
    };
    throw coreError("TIMEZONE_INVALID", values, { cause: error });
  }
  return value;
}

/** ISO 8601 text in UTC, for example `2026-10-22T02:00:00Z`; fractions only where there are some. */
export function formatInstant(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(".000Z", "Z");
}
