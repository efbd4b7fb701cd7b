import type { XComEnvelope } from "./parts.ts";

/** Owns the innermost envelope of a stream: tells it from a value, and how long it is. */
export const streamPart = { kind: "stream", name: "stream", marker: "_xcom_stream" } as const;

/** What is stored innermost of a stream of that many bytes. */
export function streamEnvelope(sizeBytes: number): XComEnvelope {
  return { [streamPart.marker]: true, v: 1, size_bytes: sizeBytes };
}

/** True for what a stream has left in the store. */
export function isStreamEnvelope(stored: XComEnvelope): boolean {
  let innermost = stored;
  for (let depth = 0; depth < deepest && isRecord(innermost.inner); depth++) innermost = innermost.inner;
  return innermost[streamPart.marker] === true;
}

/** No stack is as deep. */
export const deepest = 16;

export function isRecord(value: unknown): value is XComEnvelope {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
