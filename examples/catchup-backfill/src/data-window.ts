import { type DataInterval, skip } from "@millrace/core";
import type { Stretch } from "./source-system/read-shop.ts";

/** A data interval in milliseconds. That of a run which somebody asked for by hand is about a moment. */
export function stretchOf({ start, end }: DataInterval): Stretch {
  return { start: start.epochMilliseconds, end: end.epochMilliseconds };
}

/**
 * The time that a run is about. A run that somebody asked for by hand may be about a moment: then there is nothing to load,
 * and its tasks are skipped.
 */
export function windowOf(interval: DataInterval): Stretch {
  const stretch = stretchOf(interval);
  if (stretch.start === stretch.end)
    throw skip("this run is about no stretch of time; ask for one with 'millrace backfill create'");
  return stretch;
}

/** An instant as people read it, to the minute. */
export function shortInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
