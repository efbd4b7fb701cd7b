import { Cron } from "croner";
import { Temporal } from "../../src/time/temporal.ts";
import type { ClockPolicy } from "../../src/timetable/cron-sequence.ts";

/** No offset from UTC is greater; a shifted time counts by an offset, too. */
const widestMs = 16 * 3_600_000;

/**
 * The ticks between two instants (both included), found slowly: every local time is held against the expression by croner and
 * becomes an instant by Temporal. Nothing of Millrace's own stepping is in it.
 */
export function slowTicks(
  {
    expression,
    timezone,
    policy,
    stepMs,
  }: {
    readonly expression: string;
    readonly timezone: string;
    readonly policy: ClockPolicy;
    readonly stepMs: number;
  },
  from: number,
  until: number,
): readonly number[] {
  const pattern = new Cron(expression, { utcOffset: 0, paused: true });
  const found = new Set<number>();
  const start = Math.floor((from - widestMs) / stepMs) * stepMs;
  for (let local = start; local <= until + widestMs; local += stepMs) {
    if (!pattern.match(new Date(local))) continue;
    for (const instant of instantsOf(local, timezone, policy))
      if (instant >= from && instant <= until) found.add(instant);
  }
  return [...found].toSorted((a, b) => a - b);
}

/** What a local time, written as if it were UTC, is in a zone. */
function instantsOf(local: number, timezone: string, { gap, overlap }: ClockPolicy): readonly number[] {
  const plain = Temporal.Instant.fromEpochMilliseconds(local).toZonedDateTimeISO("UTC").toPlainDateTime();
  const earlier = plain.toZonedDateTime(timezone, { disambiguation: "earlier" });
  const later = plain.toZonedDateTime(timezone, { disambiguation: "later" });
  if (earlier.epochMilliseconds === later.epochMilliseconds) return [earlier.epochMilliseconds];
  const isThereTwice = earlier.toPlainDateTime().equals(plain);
  // Of a missing time Temporal's `later` is as much later as the clocks are changed.
  if (!isThereTwice) return gap === "shift" ? [later.epochMilliseconds] : [];
  if (overlap === "both") return [earlier.epochMilliseconds, later.epochMilliseconds];
  return [(overlap === "first" ? earlier : later).epochMilliseconds];
}
