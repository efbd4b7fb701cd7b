import { crc32 } from "node:zlib";
import { isMillraceError, type MillraceError, messageOf } from "@millrace/core/plugin";
import { codecOf } from "./algorithms.ts";
import type { Claim } from "./envelope.ts";
import { gzipError } from "./errors.ts";
import type { Frame, FrameFault, Trailer } from "./frames.ts";

const behindEnd = "there are bytes behind its end";

/** Counts compressed bytes and takes off what stands around their body. */
export class CheckedInput {
  readonly #claim: Claim;
  readonly #frame: Frame;
  #size = 0;
  #bodySize = 0;

  constructor(claim: Claim) {
    this.#claim = claim;
    this.#frame = codecOf(claim.algorithm).frame();
  }

  /** What of the next bytes is for the decompressor. */
  take(piece: Uint8Array): readonly Uint8Array[] {
    this.#size += piece.length;
    this.#check(this.#frame.take(piece));
    const { compressedSize } = this.#claim;
    if (this.#size > compressedSize)
      throw altered(this.#claim, `there are more bytes than the ${compressedSize} written`);
    const { body } = this.#frame;
    for (const { length } of body) this.#bodySize += length;
    return body;
  }

  end(): void {
    if (this.#size < this.#claim.compressedSize) throw truncated(this.#claim, this.#size);
    this.#check(this.#frame.end());
  }

  /** Bytes that the decompressor was given. */
  get bodySize(): number {
    return this.#bodySize;
  }

  get trailer(): Trailer | undefined {
    return this.#frame.trailer;
  }

  #check(fault: FrameFault | undefined): void {
    if (!fault) return;
    if (fault.kind === "truncated") throw truncated(this.#claim, this.#size);
    if (fault.kind === "altered") throw altered(this.#claim, fault.why);
    const { algorithm, compressedSize: sizeBytes } = this.#claim;
    throw gzipError("XCOM_GZIP_FORMAT_INVALID", { algorithm, sizeBytes, why: fault.why });
  }
}

/** Counts what comes out, stops when it is too much, and knows at the end whether it was right. */
export class CheckedOutput {
  /** True if the data have to be summed here; false if the decompressor does that. */
  readonly isSummed: boolean;
  readonly #claim: Claim;
  #size = 0;
  #crc = 0;

  constructor(claim: Claim) {
    this.#claim = claim;
    this.isSummed = codecOf(claim.algorithm).checksum !== "inside";
  }

  get size(): number {
    return this.#size;
  }

  /** Counts a piece that is to be summed later. */
  count(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#claim.originalSize) throw this.#sizeDiffers("more");
  }

  take(piece: Uint8Array): void {
    this.count(piece);
    if (this.isSummed) this.#crc = crc32(piece, this.#crc);
  }

  /**
   * @param used - how many bytes of the body the decompressor has used
   * @param crc - of everything, if it was not taken but counted
   */
  end(used: number, { bodySize, trailer }: Pick<CheckedInput, "bodySize" | "trailer">, crc = this.#crc): void {
    if (used !== bodySize) throw altered(this.#claim, behindEnd);
    if (this.#size < this.#claim.originalSize) throw this.#sizeDiffers(String(this.#size));
    const expected = this.#claim.crc ?? trailer?.crc;
    if (expected !== undefined && expected !== crc) throw altered(this.#claim, "its checksum does not match");
    if (trailer && trailer.size !== this.#size % 2 ** 32)
      throw altered(this.#claim, "its length at its end is another");
  }

  #sizeDiffers(found: string): MillraceError {
    const { algorithm, compressedSize: sizeBytes, originalSize: expected } = this.#claim;
    return gzipError("XCOM_GZIP_SIZE_DIFFERS", { algorithm, sizeBytes, expected, found });
  }
}

function truncated({ algorithm, compressedSize }: Claim, found: number): MillraceError {
  return gzipError("XCOM_GZIP_TRUNCATED", { algorithm, found, expected: compressedSize });
}

function altered({ algorithm, compressedSize }: Claim, why: string): MillraceError {
  return gzipError("XCOM_GZIP_ALTERED", { algorithm, sizeBytes: compressedSize, why });
}

/** What node:zlib throws, as one of ours; errors of the stream that is read pass. */
export function codedFault(error: unknown, claim: Claim): unknown {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (isMillraceError(error) || typeof code !== "string") return error;
  const { algorithm, originalSize: expected, compressedSize: sizeBytes } = claim;
  if (code === "ERR_BUFFER_TOO_LARGE")
    return gzipError("XCOM_GZIP_SIZE_DIFFERS", { algorithm, sizeBytes, expected, found: "more" });
  if (code === "ERR_TRAILING_JUNK_AFTER_STREAM_END") return altered(claim, behindEnd);
  if (code === "Z_BUF_ERROR") return truncated(claim, sizeBytes);
  if (/^(Z_MEM_ERROR|ZSTD_error_memory_allocation|ENOMEM|ERR__ERROR_ALLOC_.*)$/.test(code))
    return gzipError("XCOM_GZIP_FAILED", { algorithm, sizeBytes, why: messageOf(error) }, { cause: error });
  // The message of a decompressor names the kind of fault and no data.
  return /^(Z_|ZSTD_|ERR__ERROR_)/.test(code) ? altered(claim, messageOf(error)) : error;
}
