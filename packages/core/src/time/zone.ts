import { Temporal, type ZonedDateTime } from "./temporal.ts";

/** A stretch of time in which the clocks of a zone are the same distance from UTC. Milliseconds. */
export interface ZoneSpan {
  /** Included. */
  readonly from: number;
  /** Excluded. */
  readonly until: number;
  /** Local time minus UTC. */
  readonly offset: number;
}

/** When the clocks of a zone are changed; looked up once, then known. */
export interface Zone {
  readonly name: string;
  /** The span that an instant lies in. Spans follow each other without gaps. */
  spanAt(epochMs: number): ZoneSpan;
}

/** As far as spans go: the years 1 to 9999, and a bit more, so that no local time of these years is missing. */
export const zoneFrom = Date.parse("0000-12-30T00:00:00Z");
export const zoneUntil = Date.parse("+010000-01-03T00:00:00Z");

/** How much is looked up at once. Short, because the polyfill of older Nodes looks slowly. */
const pieceMs = 10 * 366 * 86_400_000;

const zones = new Map<string, Zone>();

/** A zone that is known to be one: see `checkTimezone`. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const zone = name === "UTC" ? utc : lookedUp(name);
  zones.set(name, zone);
  return zone;
}

const always: ZoneSpan = { from: zoneFrom, until: zoneUntil, offset: 0 };
const utc: Zone = { name: "UTC", spanAt: () => always };

function lookedUp(name: string): Zone {
  const pieces = new Map<number, readonly ZoneSpan[]>();
  // A zone whose clocks are never changed is looked up once.
  let recent: ZoneSpan | undefined;
  return {
    name,
    spanAt(epochMs) {
      const within = Math.min(Math.max(epochMs, zoneFrom), zoneUntil - 1);
      if (recent && within >= recent.from && within < recent.until) return recent;
      const number = Math.floor(within / pieceMs);
      let spans = pieces.get(number);
      if (!spans) {
        spans = spansBetween(name, number * pieceMs, (number + 1) * pieceMs);
        pieces.set(number, spans);
      }
      let [low, high] = [0, spans.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (spans[middle].from <= within) low = middle;
        else high = middle - 1;
      }
      recent = spans[low];
      return recent;
    },
  };
}

/** The spans of a piece. The first and the last reach as far as they really do. */
function spansBetween(name: string, from: number, until: number): readonly ZoneSpan[] {
  const spans: ZoneSpan[] = [];
  // A transition at `from` itself begins the first span.
  let at = Temporal.Instant.fromEpochMilliseconds(from + 1).toZonedDateTimeISO(name);
  let span = { from: changeOf(at, "previous")?.epochMilliseconds ?? zoneFrom, offset: offsetOf(at) };
  for (;;) {
    const next = changeOf(at, "next");
    spans.push({ ...span, until: next?.epochMilliseconds ?? zoneUntil });
    if (next === null || next.epochMilliseconds >= until) return spans;
    span = { from: next.epochMilliseconds, offset: offsetOf(next) };
    at = next;
  }
}

/** The nearest change of the clocks, within the years that count; a transition that changes only names is none. */
function changeOf(at: ZonedDateTime, direction: "next" | "previous"): ZonedDateTime | null {
  for (let found = at.getTimeZoneTransition(direction); found; found = found.getTimeZoneTransition(direction)) {
    if (found.epochMilliseconds <= zoneFrom || found.epochMilliseconds >= zoneUntil) return null;
    const beside = direction === "next" ? at : found.subtract({ nanoseconds: 1 });
    if (offsetOf(found) !== offsetOf(beside)) return found;
  }
  return null;
}

function offsetOf(at: ZonedDateTime): number {
  return at.offsetNanoseconds / 1e6;
}
