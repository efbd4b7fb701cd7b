import type { XComPieces } from "@millrace/core/plugin";
import { codecOf, type Engine } from "./algorithms.ts";
import { CheckedInput, CheckedOutput, codedFault } from "./checked-data.ts";
import { atOnceBytes } from "./compressing.ts";
import { runStream, runWhole } from "./engine-runs.ts";
import type { Claim } from "./envelope.ts";
import { crcOf, joined } from "./whole-bytes.ts";

/** Room for what should come out and a little more, by which more is noticed; zlib takes no less than 64. */
const roomForMore = 64;
const outputBytes = 65_536;
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
  // Bytes that come as one leave one body.
  const body = input.take(bytes)[0] ?? bytes;
  input.end();
  const isSmall = bytes.length <= atOnceBytes && claim.originalSize <= atOnceBytes;
  if (isSmall) return atOnce(body, claim, input);
  const isSuspicious = claim.originalSize > trustedBytes && claim.originalSize > trustedRatio * bytes.length;
  if (isSuspicious) await count(body, claim, input, signal);
  return beside(body, claim, input, signal);
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
  const engine = codecOf(claim.algorithm).decompressor(Math.min(outputBytes, claim.originalSize + roomForMore));
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
  let whole: Buffer;
  try {
    whole = codecOf(claim.algorithm).decompressAtOnce(body, {
      chunkSize: claim.originalSize + roomForMore,
      maxOutputLength: claim.originalSize,
    });
  } catch (error) {
    throw codedFault(error, claim);
  }
  const output = new CheckedOutput(claim);
  output.take(whole);
  output.end(body.length, input);
  return whole;
}

/** Decompresses into memory that is taken at once and filled in a thread, so that nothing has to be copied. */
async function beside(
  body: Uint8Array,
  claim: Claim,
  input: CheckedInput,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const engine = codecOf(claim.algorithm).decompressor(claim.originalSize + roomForMore);
  const output = new CheckedOutput(claim);
  const pieces: Buffer[] = [];
  await run(engine, body, claim, signal, (piece) => {
    output.count(piece);
    pieces.push(piece);
  });
  const whole = await joined(pieces, output.size);
  output.end(engine.bytesWritten, input, output.isSummed ? await crcOf(whole) : 0);
  return whole;
}

/** Decompresses and keeps nothing, only to see whether it is as much as it should be. */
async function count(
  body: Uint8Array,
  claim: Claim,
  input: CheckedInput,
  signal: AbortSignal | undefined,
): Promise<void> {
  const engine = codecOf(claim.algorithm).decompressor(outputBytes);
  const output = new CheckedOutput(claim);
  await run(engine, body, claim, signal, (piece) => {
    output.take(piece);
    // A full chunk is nobody's any more. Freed here, hundreds of them do not wait for the garbage collector.
    if (piece.length === piece.buffer.byteLength) (piece.buffer as ArrayBuffer).transfer(0);
  });
  output.end(engine.bytesWritten, input);
}

async function run(
  engine: Engine,
  body: Uint8Array,
  claim: Claim,
  signal: AbortSignal | undefined,
  take: (piece: Buffer) => void,
): Promise<void> {
  let fault: unknown;
  const takeUntilFault = (piece: Buffer): boolean => {
    try {
      take(piece);
    } catch (error) {
      fault = error;
    }
    return fault === undefined;
  };
  try {
    await runWhole(engine, body, takeUntilFault, signal);
  } catch (error) {
    throw signal?.aborted ? error : codedFault(error, claim);
  }
  if (fault) throw fault;
}
