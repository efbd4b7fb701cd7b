import { shown, type XComEnvelope } from "@millrace/core/plugin";
import { type Algorithm, algorithmNames, codecOf, isAlgorithm } from "./algorithms.ts";
import { gzipError } from "./errors.ts";

/** The field by which envelopes of this package are known. */
export const marker = "_xcom_compressed";

/** The envelope's field for the bytes, where they stay in the store. */
export const bytesField = "data";

/** What an envelope says about compressed bytes. */
export interface Claim {
  readonly algorithm: Algorithm;
  readonly originalSize: number;
  readonly compressedSize: number;
  /** CRC-32 of the original bytes; only where the compressed ones say none themselves. */
  readonly crc?: number | undefined;
}

export function envelopeOf({ algorithm, originalSize, compressedSize, crc }: Claim): XComEnvelope {
  return {
    [marker]: true,
    v: 1,
    original_size: originalSize,
    compressed_size: compressedSize,
    compression_ratio: ratioOf(compressedSize, originalSize),
    algorithm,
    ...(crc === undefined ? undefined : { checksum: crcText(crc), checksum_algorithm: "crc32" }),
  };
}

/**
 * What the envelope says, if that can be true.
 *
 * @throws `XCOM_GZIP_ENVELOPE_INVALID`, `XCOM_GZIP_ALGORITHM_UNKNOWN`, `XCOM_GZIP_TOO_LARGE`
 */
export function parseEnvelope(envelope: XComEnvelope, maxOutputBytes: number): Claim {
  if (envelope[marker] !== true) throw invalid(`it has no field ${marker}`);
  const { algorithm } = envelope;
  if (typeof algorithm === "string" && !isAlgorithm(algorithm)) throw unknown(shown(algorithm, 40));
  if (envelope.v !== 1)
    throw typeof envelope.v === "number" ? unknown("a later form of envelope") : invalid("it has no v");
  if (!isAlgorithm(algorithm)) throw invalid("its algorithm is no text");
  const originalSize = sizeIn(envelope, "original_size");
  const compressedSize = sizeIn(envelope, "compressed_size");
  const { compression_ratio: ratio } = envelope;
  if (ratio !== ratioOf(compressedSize, originalSize)) throw invalid("its compression_ratio is not that of its sizes");
  const crc = codecOf(algorithm).checksum === "envelope" ? crcIn(envelope) : undefined;
  if (originalSize > maxOutputBytes)
    throw gzipError("XCOM_GZIP_TOO_LARGE", {
      what: "A compressed XCom takes",
      sizeBytes: originalSize,
      limit: maxOutputBytes,
    });
  return { algorithm, originalSize, compressedSize, crc };
}

/** Compressed as against original, to four digits after the point. */
function ratioOf(compressedSize: number, originalSize: number): number {
  return Math.round((compressedSize / originalSize) * 10_000) / 10_000;
}

function crcText(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

function crcIn({ checksum, checksum_algorithm: algorithm }: XComEnvelope): number {
  if (algorithm !== "crc32") throw invalid("its checksum_algorithm is not crc32");
  if (typeof checksum !== "string" || !/^[0-9a-f]{8}$/.test(checksum)) throw invalid("its checksum is no CRC-32");
  return Number.parseInt(checksum, 16);
}

function sizeIn(envelope: XComEnvelope, field: string): number {
  const value = envelope[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw invalid(`its ${field} is no number of bytes`);
  return value;
}

function invalid(why: string) {
  return gzipError("XCOM_GZIP_ENVELOPE_INVALID", { why });
}

function unknown(algorithm: string) {
  return gzipError("XCOM_GZIP_ALGORITHM_UNKNOWN", { algorithm, known: algorithmNames.join(", ") });
}
