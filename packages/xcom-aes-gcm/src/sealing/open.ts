import type { XComAddress, XComEnvelope, XComPieces } from "@millrace/core/plugin";
import { decryptionFailed } from "../errors.ts";
import type { XComKey } from "../keys/key-provider.ts";
import { type Checksum, checksumOf } from "./checksum.ts";
import { closingOf, contextOf, innerJsonOf, isEncodable } from "./context.ts";
import { deriveKeys, isSame } from "./derived-keys.ts";
import { parseEnvelope, type SealedEnvelope } from "./envelope.ts";
import { tagBytes } from "./gcm.ts";
import { turn } from "./loop-turns.ts";
import { digestWhole, longestMessage, openWhole } from "./one-message.ts";
import { PieceQueue } from "./piece-queue.ts";
import { inParts, isClosedBy, openSegment, type SegmentedValue } from "./segments.ts";

/** A value that is to be decrypted: its envelope has been checked field by field, and nothing of it is trusted yet. */
export interface SealedValue {
  readonly sealed: SealedEnvelope;
  readonly innerJson: string;
  readonly address: XComAddress;
}

interface Opening extends SegmentedValue {
  readonly closing: string;
}

/** @throws `XCOM_DECRYPTION_FAILED` for an envelope that was not written by this stage */
export function sealedValueOf(envelope: XComEnvelope, address: XComAddress): SealedValue {
  const sealed = parseEnvelope(envelope);
  const innerJson = innerJsonOf(envelope.inner);
  if (!sealed || innerJson === undefined || !isEncodable(address)) throw decryptionFailed(address);
  return { sealed, innerJson, address };
}

/** The value's bytes. */
export async function openBytes(
  bytes: Uint8Array,
  value: SealedValue,
  key: XComKey,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const opening = openingOf(value, key);
  const { sealed, address } = value;
  if (sealed.segmentBytes !== undefined) return openInSegments(bytes, value, opening, signal);
  if (bytes.length > longestMessage) throw decryptionFailed(address);
  const plain = openWhole(bytes, opening.keys, sealed.iv, sealed.tag, opening.context + opening.closing);
  if (!plain) throw decryptionFailed(address);
  await digestWhole(opening.checksum, plain, signal);
  checkChecksum(opening.checksum, value);
  return plain;
}

async function openInSegments(
  bytes: Uint8Array,
  value: SealedValue,
  opening: Opening,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { segmentBytes = 0, segmentCount = 0, tag } = value.sealed;
  const lastBytes = bytes.length - (segmentCount - 1) * segmentBytes;
  if (!isClosedBy(opening, opening.closing, tag) || lastBytes < tagBytes || lastBytes > segmentBytes)
    throw decryptionFailed(value.address);
  const plain = Buffer.allocUnsafe(bytes.length - segmentCount * tagBytes);
  let at = 0;
  for (let index = 0; index < segmentCount; index++) {
    const stored = bytes.subarray(index * segmentBytes, (index + 1) * segmentBytes);
    for (const part of openOrFail(value, opening, index, inParts(stored))) {
      plain.set(part, at);
      at += part.length;
    }
    await turn(signal);
  }
  checkChecksum(opening.checksum, value);
  return plain;
}

/** The value's bytes as they come, each segment once it is known to be authentic. */
export async function* openPieces(
  pieces: XComPieces,
  value: SealedValue,
  key: XComKey,
  signal?: AbortSignal,
): XComPieces {
  const queue = new PieceQueue(pieces);
  try {
    const { segmentBytes, segmentCount = 0, tag } = value.sealed;
    if (segmentBytes === undefined) {
      const whole = Buffer.concat(await queue.take(longestMessage + 1));
      const plain = await openBytes(whole, value, key, signal);
      for (let at = 0; at < plain.length; at += 1_048_576) yield plain.subarray(at, at + 1_048_576);
      return;
    }
    const opening = openingOf(value, key);
    if (!isClosedBy(opening, opening.closing, tag)) throw decryptionFailed(value.address);
    for (let index = 0; index < segmentCount; index++) {
      const parts = openOrFail(value, opening, index, await queue.take(segmentBytes));
      if (index === segmentCount - 1) {
        if (!(await queue.isEmpty())) throw decryptionFailed(value.address);
        checkChecksum(opening.checksum, value);
      }
      yield* parts;
      await turn(signal);
    }
  } finally {
    await queue.close();
  }
}

/** @throws `XCOM_DECRYPTION_FAILED` if the key is not the one it was written with, or the envelope was altered */
function openingOf({ sealed, innerJson, address }: SealedValue, key: XComKey): Opening {
  const keys = deriveKeys(key.key, sealed.salt);
  if (!isSame(keys.commitment, sealed.commitment)) throw decryptionFailed(address);
  const context = contextOf(sealed, address);
  const checksum = checksumOf(sealed.checksumAlgorithm, keys.macKey, sealed.keyId, context);
  return {
    keys,
    iv: sealed.iv,
    context,
    checksum,
    closing: closingOf(sealed.segmentCount, sealed.checksum, innerJson),
  };
}

function openOrFail(value: SealedValue, opening: Opening, index: number, stored: Iterable<Uint8Array>): Buffer[] {
  const isLast = index === (value.sealed.segmentCount ?? 0) - 1;
  const parts = openSegment(opening, index, isLast, stored);
  if (!parts) throw decryptionFailed(value.address);
  return parts;
}

function checkChecksum(checksum: Checksum, { sealed, innerJson, address }: SealedValue): void {
  if (!isSame(Buffer.from(checksum.text(innerJson)), Buffer.from(sealed.checksum))) throw decryptionFailed(address);
}
