import type { Clock } from "@millrace/core";

/** The present as ISO 8601 in UTC, to the second. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
}
