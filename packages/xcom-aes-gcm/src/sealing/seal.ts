import type {
  MillraceError,
  StageResult,
  StageStream,
  XComAddress,
  XComEnvelope,
  XComPieces,
} from "@millrace/core/plugin";
import { aesGcmError } from "../errors.ts";
import type { XComKey } from "../keys/key-provider.ts";
import { type Checksum, type ChecksumAlgorithm, checksumOf } from "./checksum.ts";
import { closingOf, contextOf, innerJsonOf, isEncodable } from "./context.ts";
import { type DerivedKeys, deriveKeys } from "./derived-keys.ts";
import { countableSegments, type EnvelopeHeader, type SealedEnvelope, storedEnvelopeOf } from "./envelope.ts";
import { freshRandom } from "./fresh-random.ts";
import { tagBytes } from "./gcm.ts";
import { turn } from "./loop-turns.ts";
import { digestWhole, longestMessage, sealWhole } from "./one-message.ts";
import { PieceQueue } from "./piece-queue.ts";
import { closingTag, inParts, sealSegment, storedSegmentBytes } from "./segments.ts";

/** What a value is encrypted under. */
export interface SealingOptions {
  readonly key: XComKey;
  readonly address: XComAddress;
  readonly checksumAlgorithm: ChecksumAlgorithm;
  /** ISO 8601, UTC. */
  readonly encryptedAt: string;
  readonly signal?: AbortSignal | undefined;
  /** Smaller for tests, as is the next. */
  readonly segmentBytes?: number;
  readonly mostSegments?: number;
}

/** Everything that is made anew for each value. */
interface Sealing {
  readonly header: EnvelopeHeader;
  readonly salt: Buffer;
  readonly iv: Buffer;
  readonly keys: DerivedKeys;
  readonly context: string;
  readonly checksum: Checksum;
}

/** Encrypts a value: one message up to 4 MiB, segments above. */
export async function sealBytes(
  bytes: Uint8Array,
  inner: XComEnvelope | undefined,
  options: SealingOptions,
): Promise<StageResult> {
  const innerJson = checkedInner(inner, options.address);
  if (bytes.length > longestMessage) return sealInSegments(bytes, innerJson, options);
  const sealing = sealingOf(options, undefined);
  const { header, salt, iv, keys, context } = sealing;
  await digestWhole(sealing.checksum, bytes, options.signal);
  const checksum = sealing.checksum.text(innerJson);
  const sealed = sealWhole(bytes, keys, iv, context + closingOf(undefined, checksum, innerJson));
  const envelope = { ...header, salt, iv, commitment: keys.commitment, tag: sealed.tag, checksum };
  return { envelope: storedEnvelopeOf(envelope), bytes: sealed.bytes };
}

async function sealInSegments(bytes: Uint8Array, innerJson: string, options: SealingOptions): Promise<StageResult> {
  const segmentBytes = options.segmentBytes ?? storedSegmentBytes;
  const sealing = sealingOf(options, segmentBytes);
  const plainBytes = segmentBytes - tagBytes;
  const count = Math.max(1, Math.ceil(bytes.length / plainBytes));
  const sealed = Buffer.allocUnsafe(bytes.length + count * tagBytes);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const part = bytes.subarray(index * plainBytes, (index + 1) * plainBytes);
    const { parts, tag } = sealSegment(sealing, index, index === count - 1, inParts(part));
    for (const each of [...parts, tag]) {
      sealed.set(each, at);
      at += each.length;
    }
    await turn(options.signal);
  }
  return { envelope: closedEnvelope(sealing, count, innerJson), bytes: sealed };
}

/** Encrypts a stream in segments. */
export function sealPieces(
  source: XComPieces,
  inner: () => XComEnvelope | undefined,
  options: SealingOptions,
): StageStream {
  const { segmentBytes = storedSegmentBytes, mostSegments = countableSegments } = options;
  const sealing = sealingOf(options, segmentBytes);
  let count = 0;
  let hasEnded = false;
  let closed: XComEnvelope | undefined;

  async function* sealed(): XComPieces {
    const queue = new PieceQueue(source);
    try {
      for (let isLast = false; !isLast; count++) {
        if (count === mostSegments) throw refused(options.address, `it has more than ${mostSegments} segments`);
        const parts = await queue.take(segmentBytes - tagBytes);
        isLast = await queue.isEmpty();
        const segment = sealSegment(sealing, count, isLast, parts);
        const last = segment.parts.pop();
        yield* segment.parts;
        yield last ? Buffer.concat([last, segment.tag]) : segment.tag;
        await turn(options.signal);
      }
      hasEnded = true;
    } finally {
      await queue.close();
    }
  }

  return {
    pieces: sealed(),
    envelope() {
      if (!hasEnded) throw refused(options.address, "its envelope was asked for before its end");
      closed ??= closedEnvelope(sealing, count, checkedInner(inner(), options.address));
      return closed;
    },
  };
}

function sealingOf(options: SealingOptions, segmentBytes: number | undefined): Sealing {
  const { address, key, checksumAlgorithm, encryptedAt } = options;
  if (!isEncodable(address)) throw refused(address, "an id of its address is no well-formed text");
  const { salt, iv } = freshRandom();
  const keys = deriveKeys(key.key, salt);
  const header: EnvelopeHeader = {
    keyId: key.id,
    ...(key.wrapped === undefined ? {} : { wrappedKey: Buffer.from(key.wrapped).toString("base64") }),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    checksumAlgorithm,
    encryptedAt,
  };
  const context = contextOf(header, address);
  const checksum = checksumOf(checksumAlgorithm, keys.macKey, key.id, context);
  return { header, salt, iv, keys, context, checksum };
}

function closedEnvelope(sealing: Sealing, segmentCount: number, innerJson: string): XComEnvelope {
  const { header, salt, iv, keys } = sealing;
  const checksum = sealing.checksum.text(innerJson);
  const tag = closingTag(sealing, closingOf(segmentCount, checksum, innerJson));
  const envelope: SealedEnvelope = { ...header, salt, iv, commitment: keys.commitment, tag, checksum, segmentCount };
  return storedEnvelopeOf(envelope);
}

function checkedInner(inner: XComEnvelope | undefined, address: XComAddress): string {
  const text = innerJsonOf(inner);
  if (text !== undefined) return text;
  throw refused(address, "the envelope beneath is nested too deeply, takes more than 64 KiB or is no plain JSON");
}

function refused({ key, taskId }: XComAddress, why: string): MillraceError {
  return aesGcmError("XCOM_ENCRYPTION_REFUSED", { key: key.toWellFormed(), taskId: taskId.toWellFormed(), why });
}
