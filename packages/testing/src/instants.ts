import type { TimetableQuery } from "@millrace/core";
import { decodeValue } from "@millrace/core/plugin";

/** An instant of the class that core knows: on Node 24 that is one of the polyfill. */
export function instantAt(epochMs: number): TimetableQuery["now"] {
  const text = new Date(epochMs).toISOString();
  return decodeValue(JSON.stringify({ $millrace: ["Temporal.Instant", text] })) as TimetableQuery["now"];
}
