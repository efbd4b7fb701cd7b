import type { Checksum } from "./checksum.ts";
import type { DerivedKeys } from "./derived-keys.ts";
import { nonceOf, opening, sealing, tagBytes } from "./gcm.ts";

/** Size of a stored segment: ciphertext and its tag. Only the last one may be shorter. */
export const storedSegmentBytes = 1_048_576;

const partBytes = 262_144;

/** Bytes in parts that stay in the processor's cache while they are worked on twice and copied. */
export function* inParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
}

/** What all segments of a value share. */
export interface SegmentedValue {
  readonly keys: DerivedKeys;
  readonly iv: Buffer;
  readonly context: string;
  readonly checksum: Checksum;
}

/** One segment: its bytes in as many parts as were given, then its tag. */
export function sealSegment(value: SegmentedValue, index: number, isLast: boolean, parts: Iterable<Uint8Array>) {
  const message = sealing(value.keys.dataKey, segmentNonce(value, index, isLast), value.context);
  const sealed = Array.from(parts, (part) => {
    value.checksum.update(part);
    return message.update(part);
  });
  return { parts: sealed, tag: message.tag() };
}

/** A segment's bytes; `undefined` if it is not authentic, or not this one, or not the last one. */
export function openSegment(
  value: SegmentedValue,
  index: number,
  isLast: boolean,
  stored: Iterable<Uint8Array>,
): Buffer[] | undefined {
  const split = splitTag(stored);
  if (!split) return undefined;
  const message = opening(value.keys.dataKey, segmentNonce(value, index, isLast), value.context);
  const parts = split.parts.map((part) => message.update(part));
  if (!message.isAuthentic(split.tag)) return undefined;
  for (const part of parts) value.checksum.update(part);
  return parts;
}

/**
 * The tag of the envelope: of an empty message that authenticates all that is known only at the end. So an envelope is
 * looked over before the first segment is opened.
 */
export function closingTag({ keys, iv, context }: SegmentedValue, closing: string): Buffer {
  return sealing(keys.dataKey, nonceOf(iv, "closing", 0), context + closing).tag();
}

export function isClosedBy({ keys, iv, context }: SegmentedValue, closing: string, tag: Buffer): boolean {
  return opening(keys.dataKey, nonceOf(iv, "closing", 0), context + closing).isAuthentic(tag);
}

function segmentNonce({ iv }: SegmentedValue, index: number, isLast: boolean): Buffer {
  return nonceOf(iv, isLast ? "lastSegment" : "segment", index);
}

/** The last 16 bytes of what may lie in several parts. */
function splitTag(stored: Iterable<Uint8Array>): { parts: Uint8Array[]; tag: Buffer } | undefined {
  const parts = [...stored];
  const tag: Uint8Array[] = [];
  for (let missing = tagBytes; missing > 0; ) {
    const last = parts.pop();
    if (!last) return undefined;
    const kept = Math.max(last.length - missing, 0);
    tag.unshift(last.subarray(kept));
    missing -= last.length - kept;
    if (kept > 0) parts.push(last.subarray(0, kept));
  }
  return { parts, tag: Buffer.concat(tag) };
}
