import { crc32 } from "node:zlib";
import { isMillraceError, messageOf, type StageStream, type XComPieces, type XComSource } from "@millrace/core/plugin";
import { type Algorithm, codecOf } from "./algorithms.ts";
import { runStream, runWhole } from "./engine-runs.ts";
import { bytesField, type Claim, envelopeOf } from "./envelope.ts";
import { gzipError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { crcOf, joined } from "./whole-bytes.ts";

/** So many bytes are compressed at once, which takes less than handing them to a thread. */
export const atOnceBytes = 16 * 1_024;
const outputBytes = 65_536;
/** More than an envelope ever takes. */
const longestEnvelope = 300;

/** What was made of bytes that gain by it. */
export interface Compressed {
  readonly bytes: Uint8Array;
  readonly claim: Claim;
}

/** Compresses bytes; `undefined` where that gains nothing. Stops as soon as it is sure of that. */
export async function compress(
  bytes: Uint8Array,
  { algorithm, level }: Settings,
  signal: AbortSignal | undefined,
): Promise<Compressed | undefined> {
  const codec = codecOf(algorithm);
  // No more can gain: see `gains`.
  const most = Math.floor((bytes.length * 3) / 4);
  const isQuick = bytes.length <= atOnceBytes && level <= codec.quickLevel;
  const found = isQuick ? atOnce(bytes, algorithm, level, most) : await beside(bytes, algorithm, level, most, signal);
  if (!found) return undefined;
  const claim: Claim = {
    algorithm,
    originalSize: bytes.length,
    compressedSize: found.length,
    crc: codec.checksum === "envelope" ? await crcOf(bytes) : undefined,
  };
  return gains(claim) ? { bytes: found, claim } : undefined;
}

/**
 * Compresses a stream. What comes of its end is known at its end.
 *
 * @throws `XCOM_GZIP_TOO_LARGE` from the pieces, when there are more bytes than may be read back
 */
export function compressStream(
  source: XComSource,
  { algorithm, level, maxOutputBytes }: Settings,
  signal: AbortSignal | undefined,
): StageStream {
  const codec = codecOf(algorithm);
  const isSummed = codec.checksum === "envelope";
  let originalSize = 0;
  let compressedSize = 0;
  let crc = 0;
  async function* counted(): XComPieces {
    for await (const piece of source) {
      originalSize += piece.length;
      if (originalSize > maxOutputBytes)
        throw gzipError("XCOM_GZIP_TOO_LARGE", {
          what: "A stream to be compressed takes at least",
          sizeBytes: originalSize,
          limit: maxOutputBytes,
        });
      if (isSummed) crc = crc32(piece, crc);
      yield piece;
    }
  }
  async function* compressed(): XComPieces {
    try {
      for await (const piece of runStream(codec.compressor(level, outputBytes), counted(), signal)) {
        compressedSize += piece.length;
        yield piece;
      }
    } catch (error) {
      throw codedFailure(error, algorithm, originalSize);
    }
  }
  return {
    pieces: compressed(),
    envelope: () => envelopeOf({ algorithm, originalSize, compressedSize, crc: isSummed ? crc : undefined }),
  };
}

/**
 * True if the value takes less room in the store: there its bytes are base64 (four for three) inside of the envelope, and
 * without it they would be the text that they are. What saves less than that is not worth the work of each reading either.
 */
function gains(claim: Claim): boolean {
  const base64Bytes = 4 * Math.ceil(claim.compressedSize / 3);
  if (base64Bytes + longestEnvelope < claim.originalSize) return true;
  const envelope = JSON.stringify({ ...envelopeOf(claim), [bytesField]: "" });
  return envelope.length + base64Bytes < claim.originalSize;
}

function atOnce(bytes: Uint8Array, algorithm: Algorithm, level: number, most: number): Uint8Array | undefined {
  try {
    return codecOf(algorithm).compressAtOnce(bytes, level, {
      // All that is of use fits into one chunk.
      chunkSize: Math.max(64, most + 1),
      maxOutputLength: Math.max(1, most),
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw codedFailure(error, algorithm, bytes.length);
  }
}

async function beside(
  bytes: Uint8Array,
  algorithm: Algorithm,
  level: number,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer): boolean => {
    size += piece.length;
    pieces.push(piece);
    return size <= most;
  };
  try {
    await runWhole(codecOf(algorithm).compressor(level, outputBytes), bytes, take, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw codedFailure(error, algorithm, bytes.length);
  }
  return size > most ? undefined : joined(pieces, size);
}

/** What node:zlib throws for another reason than the data; errors of the source pass. */
function codedFailure(error: unknown, algorithm: Algorithm, sizeBytes: number): unknown {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (isMillraceError(error) || typeof code !== "string" || !/^(Z_|ZSTD_|ERR__|ENOMEM)/.test(code)) return error;
  return gzipError("XCOM_GZIP_FAILED", { algorithm, sizeBytes, why: messageOf(error) }, { cause: error });
}
