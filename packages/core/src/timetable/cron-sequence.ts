import { type Zone, type ZoneSpan, zoneFrom, zoneUntil } from "../time/zone.ts";
import { notesOfTick } from "./clock-notes.ts";
import type { CronFields } from "./cron-fields.ts";
import type { InstantSequence } from "./instant-sequence.ts";
import { localCron } from "./local-cron.ts";

/** What becomes of local times that do not exist, or exist twice, because the clocks are changed. */
export interface ClockPolicy {
  readonly gap: "shift" | "skip";
  readonly overlap: "first" | "second" | "both";
}

/** Every local time that is really there, as often as it is there: for what is due again and again within a day. */
export const elapsedTime: ClockPolicy = { gap: "skip", overlap: "both" };

/** A span of a zone, with the instants in it that an expression may mean. */
interface Stretch extends ZoneSpan {
  /** Local times of this span count between these. */
  readonly directFrom: number;
  readonly directUntil: number;
  /** Until here local times are also read by the clock as it went before the span: the missing ones are shifted by the gap. */
  readonly shiftedUntil: number;
  readonly shiftedOffset: number;
}

/** No zone is farther than this from UTC, and no two offsets of one are farther apart. */
const widestMs = 2 * 86_400_000;

/**
 * Stretches without a local time that is meant are passed over. So many in a row that have one and still no tick are those of
 * an expression whose times are all skipped: the hour that is missing on the last Sunday of each March.
 */
const mostStretches = 100;

/**
 * The instants at which a cron expression is due in a zone. Each local time it means becomes an instant by the policy; two
 * that become the same one count once.
 */
export function cronSequence(fields: CronFields, zone: Zone, policy: ClockPolicy): InstantSequence {
  const local = localCron(fields);
  // What is due every hour has lost nothing when the clocks go forward.
  const tellsSkipped = policy.gap === "skip" && !fields.coversEveryHour;
  let latest: Stretch | undefined;

  /** The stretch at an instant; most questions are about the one before or its neighbour. */
  function stretchAt(ms: number): Stretch {
    if (latest === undefined || ms < latest.from || ms >= latest.until)
      latest = stretchOf(zone.spanAt(ms), zone, policy);
    return latest;
  }

  const sequence: InstantSequence = {
    after(ms) {
      let from = Math.max(Math.floor(ms) + 1, zoneFrom);
      for (let looked = 0; from < zoneUntil && looked < mostStretches; looked++) {
        const stretch = stretchAt(from);
        const start = Math.max(from, stretch.directFrom);
        let found = local.atOrAfter(start + stretch.offset) - stretch.offset;
        if (found >= stretch.directUntil) found = Number.POSITIVE_INFINITY;
        if (from < stretch.shiftedUntil) {
          const shifted = local.atOrAfter(from + stretch.shiftedOffset) - stretch.shiftedOffset;
          if (shifted < stretch.shiftedUntil) found = Math.min(found, shifted);
        }
        if (found !== Number.POSITIVE_INFINITY) return found;
        // Over years in which nothing is meant, it goes at once.
        const later = local.atOrAfter(stretch.until + stretch.offset - widestMs) - stretch.offset - widestMs;
        from = Math.max(stretch.until, later);
      }
      return Number.POSITIVE_INFINITY;
    },
    before(ms) {
      let until = Math.min(Math.ceil(ms), zoneUntil);
      for (let looked = 0; until > zoneFrom && looked < mostStretches; looked++) {
        const stretch = stretchAt(until - 1);
        const end = Math.min(until, stretch.directUntil) - 1;
        let found = local.atOrBefore(end + stretch.offset) - stretch.offset;
        if (found < stretch.directFrom) found = Number.NEGATIVE_INFINITY;
        if (stretch.from < stretch.shiftedUntil) {
          const last = Math.min(until, stretch.shiftedUntil) - 1;
          const shifted = local.atOrBefore(last + stretch.shiftedOffset) - stretch.shiftedOffset;
          if (shifted >= stretch.from) found = Math.max(found, shifted);
        }
        if (found !== Number.NEGATIVE_INFINITY) return found;
        const earlier = local.atOrBefore(stretch.from + stretch.offset + widestMs) - stretch.offset + widestMs;
        until = Math.min(stretch.from, earlier);
      }
      return Number.NEGATIVE_INFINITY;
    },
    notesOf: (ms) => notesOfTick({ local, zone, tellsSkipped }, ms, sequence.before(ms)),
  };
  return sequence;
}

function stretchOf(span: ZoneSpan, zone: Zone, { gap, overlap }: ClockPolicy): Stretch {
  const before = zone.spanAt(span.from - 1).offset;
  const behind = zone.spanAt(span.until).offset;
  const repeatedAtStart = Math.max(before - span.offset, 0);
  const repeatedAtEnd = Math.max(span.offset - behind, 0);
  const missingAtStart = Math.max(span.offset - before, 0);
  return {
    ...span,
    directFrom: span.from + (overlap === "first" ? repeatedAtStart : 0),
    directUntil: span.until - (overlap === "second" ? repeatedAtEnd : 0),
    shiftedUntil: gap === "shift" ? Math.min(span.from + missingAtStart, span.until) : span.from,
    shiftedOffset: before,
  };
}
