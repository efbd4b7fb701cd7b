import { coreError, type MillraceError } from "../errors.ts";
import type { StoredXCom } from "./backend.ts";
import { adviceForMarker } from "./known-markers.ts";
import type { XComAddress, XComEnvelope, XComPlace } from "./parts.ts";
import type { XComLayer, XComStack } from "./stack.ts";
import { deepest, isRecord } from "./stream-part.ts";

/** One envelope of a stored value, and what owns it. */
export interface ChainLink {
  readonly part: XComLayer;
  readonly envelope: XComEnvelope;
}

/**
 * The envelopes of a stored value, outermost first, each with the part that reads it.
 *
 * @param chunks - where streams stay that no place has taken
 * @throws `XCOM_READER_MISSING`, `XCOM_CORRUPT`, and what a part has against it
 */
export function envelopeChain(
  stack: XComStack,
  stored: XComEnvelope,
  address: XComAddress,
  chunks?: XComPlace,
): ChainLink[] {
  const chain: ChainLink[] = [];
  for (let envelope: XComEnvelope | undefined = stored; envelope; envelope = innerOf(envelope)) {
    const part = ownerOf(envelope, stack, chunks);
    if (!part) throw readerMissing(envelope, address);
    if (chain.length === deepest) throw corrupt(address, stored, `it has more than ${deepest} envelopes`);
    if (part.kind === "place" && chain.length > 0)
      throw corrupt(address, stored, "a place is not its outermost envelope");
    chain.push({ part, envelope });
  }
  return chain;
}

/** Has the stages that write look at how the value was written. */
export function checkAdmission(stack: XComStack, chain: readonly ChainLink[], address: XComAddress): void {
  for (const part of stack.writers) {
    if (part.kind !== "stage" || !part.admit) continue;
    part.admit(
      chain.map(({ part: { marker } }) => marker),
      address,
    );
  }
}

export function withInner(envelope: XComEnvelope, inner: XComEnvelope | undefined): XComEnvelope {
  return inner ? { ...envelope, inner } : envelope;
}

export function corrupt(address: XComAddress, stored: StoredXCom, why: string): MillraceError {
  const sizeBytes = Buffer.byteLength(typeof stored === "string" ? stored : JSON.stringify(stored));
  return coreError("XCOM_CORRUPT", { key: address.key, taskId: address.taskId, sizeBytes, why });
}

function innerOf(envelope: XComEnvelope): XComEnvelope | undefined {
  return isRecord(envelope.inner) ? envelope.inner : undefined;
}

function ownerOf(
  envelope: XComEnvelope,
  { byMarker }: XComStack,
  chunks: XComPlace | undefined,
): XComLayer | undefined {
  for (const field of Object.keys(envelope)) {
    if (envelope[field] !== true) continue;
    if (chunks?.marker === field) return chunks;
    const part = byMarker.get(field);
    if (part) return part;
  }
  return undefined;
}

function readerMissing(envelope: XComEnvelope, address: XComAddress): MillraceError {
  const marker =
    Object.keys(envelope).find((field) => field.startsWith("_xcom_") && envelope[field] === true) ?? "none";
  return coreError("XCOM_READER_MISSING", {
    key: address.key,
    taskId: address.taskId,
    marker,
    advice: adviceForMarker(marker),
  });
}
