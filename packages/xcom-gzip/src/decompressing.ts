import { crc32 } from "node:zlib";
import { isMillraceError, type MillraceError, messageOf, type XComPieces } from "@millrace/core/plugin";
import { codecOf } from "./algorithms.ts";
import { atOnceBytes } from "./compressing.ts";
import { runStream, runWhole } from "./engine-runs.ts";
import type { Claim } from "./envelope.ts";
import { gzipError } from "./errors.ts";
import type { Frame, FrameFault, Trailer } from "./frames.ts";

const outputBytes = 262_144;
/** Values that are said to be larger than this, and so many times larger than their bytes, are counted before they are kept. */
const trustedBytes = 32 * 2 ** 20;
const trustedRatio = 32;

/**
 * Decompresses bytes that are what the envelope says, and nothing else.
 *
 * @throws `XCOM_GZIP_FORMAT_INVALID`, `XCOM_GZIP_TRUNCATED`, `XCOM_GZIP_ALTERED`, `XCOM_GZIP_SIZE_DIFFERS`
 */
export async function decompress(
  bytes: Uint8Array,
  claim: Claim,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const input = new CheckedInput(claim);
  const [first, ...others] = input.take(bytes);
  input.end();
  // Bytes that come as one leave one body.
  const body = others.find((part) => part.length > 0) ?? first ?? bytes;
  const isSmall = bytes.length <= atOnceBytes && claim.originalSize <= atOnceBytes;
  if (isSmall) return atOnce(body, claim, input);
  const isSuspicious = claim.originalSize > trustedBytes && claim.originalSize > trustedRatio * bytes.length;
  if (isSuspicious) await beside(body, new CheckedOutput(claim), claim, input, signal);
  const whole = Buffer.allocUnsafeSlow(claim.originalSize);
  await beside(body, new CheckedOutput(claim, whole), claim, input, signal);
  return whole;
}

/**
 * Decompresses a stream. What can only be told at the end is thrown there; nothing beyond what the envelope says comes out.
 *
 * @throws as `decompress`
 */
export async function* decompressStream(
  pieces: XComPieces,
  claim: Claim,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const engine = codecOf(claim.algorithm).decompressor(Math.min(outputBytes, claim.originalSize + 64));
  const input = new CheckedInput(claim);
  const output = new CheckedOutput(claim);
  async function* bodies(): XComPieces {
    for await (const piece of pieces) yield* input.take(piece);
    input.end();
  }
  try {
    for await (const piece of runStream(engine, bodies(), signal)) {
      output.take(piece);
      yield piece;
    }
  } catch (error) {
    throw signal?.aborted ? error : codedFault(error, claim);
  }
  output.end(engine.bytesWritten, input);
}

function atOnce(body: Uint8Array, claim: Claim, input: CheckedInput): Uint8Array {
  const output = new CheckedOutput(claim);
  try {
    const { buffer, engine } = codecOf(claim.algorithm).decompressAtOnce(body, {
      chunkSize: claim.originalSize + 64,
      maxOutputLength: claim.originalSize,
    });
    output.take(buffer);
    output.end(engine.bytesWritten, input);
    return buffer;
  } catch (error) {
    throw codedFault(error, claim);
  }
}

async function beside(
  body: Uint8Array,
  output: CheckedOutput,
  claim: Claim,
  input: CheckedInput,
  signal: AbortSignal | undefined,
): Promise<void> {
  const engine = codecOf(claim.algorithm).decompressor(Math.min(outputBytes, claim.originalSize + 64));
  let fault: unknown;
  const take = (piece: Buffer): boolean => {
    try {
      output.take(piece);
      return true;
    } catch (error) {
      fault = error;
      return false;
    }
  };
  try {
    await runWhole(engine, body, take, signal);
  } catch (error) {
    throw signal?.aborted ? error : codedFault(error, claim);
  }
  if (fault) throw fault;
  output.end(engine.bytesWritten, input);
}

/** Counts compressed bytes and takes off what stands around their body. */
class CheckedInput {
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
    for (const { length } of this.#frame.body) this.#bodySize += length;
    return this.#frame.body;
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
class CheckedOutput {
  readonly #claim: Claim;
  readonly #whole: Uint8Array | undefined;
  readonly #isSummed: boolean;
  #size = 0;
  #crc = 0;

  /** @param whole - where to keep what comes out, if at all */
  constructor(claim: Claim, whole?: Uint8Array) {
    this.#claim = claim;
    this.#whole = whole;
    this.#isSummed = codecOf(claim.algorithm).checksum !== "inside";
  }

  take(piece: Uint8Array): void {
    const at = this.#size;
    this.#size += piece.length;
    if (this.#size > this.#claim.originalSize) throw this.#sizeDiffers("more");
    if (this.#isSummed) this.#crc = crc32(piece, this.#crc);
    this.#whole?.set(piece, at);
  }

  /** @param used - how many bytes of the body the decompressor has used */
  end(used: number, { bodySize, trailer }: Pick<CheckedInput, "bodySize" | "trailer">): void {
    if (used !== bodySize) throw altered(this.#claim, "there are bytes behind its end");
    if (this.#size < this.#claim.originalSize) throw this.#sizeDiffers(String(this.#size));
    const crc = this.#claim.crc ?? trailer?.crc;
    if (crc !== undefined && crc !== this.#crc) throw altered(this.#claim, "its checksum does not match");
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
function codedFault(error: unknown, claim: Claim): unknown {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (isMillraceError(error) || typeof code !== "string") return error;
  const { algorithm, originalSize: expected, compressedSize: sizeBytes } = claim;
  if (code === "ERR_BUFFER_TOO_LARGE")
    return gzipError("XCOM_GZIP_SIZE_DIFFERS", { algorithm, sizeBytes, expected, found: "more" });
  if (code === "Z_BUF_ERROR") return truncated(claim, sizeBytes);
  if (/^(Z_MEM_ERROR|ZSTD_error_memory_allocation|ENOMEM|ERR__ERROR_ALLOC_.*)$/.test(code))
    return gzipError("XCOM_GZIP_FAILED", { algorithm, sizeBytes, why: messageOf(error) }, { cause: error });
  // The message of a decompressor names the kind of fault and no data.
  return /^(Z_|ZSTD_|ERR__ERROR_)/.test(code) ? altered(claim, messageOf(error)) : error;
}
