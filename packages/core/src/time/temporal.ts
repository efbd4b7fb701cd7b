import { createRequire } from "node:module";
import type { Temporal as TemporalTypes } from "temporal-polyfill";
import { assertNodeVersion } from "../node-version.ts";

// Before the doors can ask: the oldest Nodes fail on the next statement.
assertNodeVersion();

/**
 * `Temporal`: the runtime's own where there is one (Node 26), else the polyfill (Node 24), which is loaded only then, with
 * all calendars: a value that one Node version has stored must be read back by the other.
 * Types come from the polyfill's specification package, so that a consumer without the `esnext` library compiles too.
 */
export const Temporal: typeof TemporalTypes =
  (globalThis as { Temporal?: typeof TemporalTypes }).Temporal ??
  (createRequire(import.meta.url)("temporal-polyfill/full") as { Temporal: typeof TemporalTypes }).Temporal;

export type Instant = TemporalTypes.Instant;
export type ZonedDateTime = TemporalTypes.ZonedDateTime;
export type TemporalDuration = TemporalTypes.Duration;

/** The instant of whole milliseconds since the epoch. */
export function instantOf(epochMs: number): Instant {
  return Temporal.Instant.fromEpochMilliseconds(epochMs);
}
