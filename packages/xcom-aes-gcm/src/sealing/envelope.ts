import type { XComEnvelope } from "@millrace/core/plugin";
import { type ChecksumAlgorithm, isChecksumAlgorithm } from "./checksum.ts";

export const marker = "_xcom_encrypted";

const algorithm = "AES-256-GCM";
/** The counter in a nonce has 4 bytes. */
export const countableSegments = 2 ** 32 - 1;
const longestWrappedKey = 1_024;

/** What an envelope says before the bytes are known. */
export interface EnvelopeHeader {
  readonly keyId: string;
  /** Base64 of the data key as the key service has wrapped it, where there is one. */
  readonly wrappedKey?: string;
  /** Size of a stored segment, its tag included; `undefined` for a value that is one message. */
  readonly segmentBytes?: number;
  readonly checksumAlgorithm: ChecksumAlgorithm;
  /** ISO 8601, UTC. */
  readonly encryptedAt: string;
}

/** The whole envelope. */
export interface SealedEnvelope extends EnvelopeHeader {
  readonly salt: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly commitment: Buffer;
  readonly checksum: string;
  readonly segmentCount?: number;
}

/** The envelope as it is stored. */
export function storedEnvelopeOf(sealed: SealedEnvelope): XComEnvelope {
  return {
    [marker]: true,
    v: 1,
    encryption_algorithm: algorithm,
    key_id: sealed.keyId,
    ...(sealed.wrappedKey === undefined ? {} : { wrapped_key: sealed.wrappedKey }),
    salt: sealed.salt.toString("base64"),
    key_commitment: sealed.commitment.toString("base64"),
    iv: sealed.iv.toString("base64"),
    tag: sealed.tag.toString("base64"),
    ...(sealed.segmentBytes === undefined
      ? {}
      : { segment_bytes: sealed.segmentBytes, segment_count: sealed.segmentCount }),
    checksum: sealed.checksum,
    checksum_algorithm: sealed.checksumAlgorithm,
    encrypted_at: sealed.encryptedAt,
  };
}

/** What is stored, checked field by field; `undefined` for anything that was not written like this. */
export function parseEnvelope(stored: XComEnvelope): SealedEnvelope | undefined {
  if (stored[marker] !== true || stored.v !== 1 || stored.encryption_algorithm !== algorithm) return undefined;
  const { key_id: keyId, checksum, checksum_algorithm: checksumAlgorithm, encrypted_at: encryptedAt } = stored;
  const { wrapped_key: wrappedKey, segment_bytes: segmentBytes, segment_count: segmentCount } = stored;
  const salt = bytesOf(stored.salt, 32);
  const commitment = bytesOf(stored.key_commitment, 32);
  const iv = bytesOf(stored.iv, 12);
  const tag = bytesOf(stored.tag, 16);
  if (!salt || !commitment || !iv || !tag) return undefined;
  if (!isText(keyId, 256) || !isText(checksum, 512) || !isText(encryptedAt, 40)) return undefined;
  if (!isChecksumAlgorithm(checksumAlgorithm)) return undefined;
  if (wrappedKey !== undefined && !isWrappedKey(wrappedKey)) return undefined;
  const base = { keyId, salt, commitment, iv, tag, checksum, checksumAlgorithm, encryptedAt };
  const header = wrappedKey === undefined ? base : { ...base, wrappedKey };
  if (segmentBytes === undefined && segmentCount === undefined) return header;
  if (!isWithin(segmentBytes, 17, 1_048_576) || !isWithin(segmentCount, 1, countableSegments)) return undefined;
  return { ...header, segmentBytes, segmentCount };
}

/** The bytes of their only base64 text of that size. */
function bytesOf(text: unknown, sizeBytes: number): Buffer | undefined {
  if (typeof text !== "string" || text.length > 64) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === sizeBytes && bytes.toString("base64") === text ? bytes : undefined;
}

function isWrappedKey(text: unknown): text is string {
  if (typeof text !== "string" || text.length > longestWrappedKey * 2) return false;
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= 1 && bytes.length <= longestWrappedKey && bytes.toString("base64") === text;
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length >= 1 && value.length <= longest && value.isWellFormed();
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
