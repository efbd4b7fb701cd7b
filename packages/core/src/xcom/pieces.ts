import { isUtf8 } from "node:buffer";
import { turn } from "../time/turn.ts";
import type { XComPieces, XComSource } from "./parts.ts";

/** Up to here values go through the parts in one piece. */
export const largeBytes = 4 * 1024 * 1024;

const headBytes = 64 * 1024;
const pieceBytes = 256 * 1024;
/** A multiple of 4 characters of base64, which are 3 bytes. */
const base64Characters = 1024 * 1024;
/** Base64 is made of groups of 3 bytes: pieces of this many leave nothing over. */
const groupedBytes = 3 * 256 * 1024;
const bytesPerTurn = 1024 * 1024;
const largestHint = 512 * 1024 * 1024;

/** A stream whose first bytes have been looked at. */
export class PeekedSource implements XComSource {
  readonly head: Uint8Array;
  readonly isWhole: boolean;
  readonly sizeBytes?: number;
  readonly #first: readonly Uint8Array[];
  readonly #rest: AsyncIterator<Uint8Array>;

  private constructor(
    first: readonly Uint8Array[],
    rest: AsyncIterator<Uint8Array>,
    about: { readonly isWhole: boolean; readonly sizeBytes: number | undefined },
  ) {
    this.#first = first;
    this.#rest = rest;
    this.isWhole = about.isWhole;
    this.head = first.length === 1 ? first[0].subarray(0, headBytes) : Buffer.concat(first).subarray(0, headBytes);
    if (about.isWhole) this.sizeBytes = this.head.length;
    else if (about.sizeBytes !== undefined) this.sizeBytes = about.sizeBytes;
  }

  /** @param sizeBytes - how long it is, where that is known */
  static async of(pieces: XComPieces, sizeBytes?: number): Promise<PeekedSource> {
    const rest = pieces[Symbol.asyncIterator]();
    const first: Uint8Array[] = [];
    let filled = 0;
    let isDone = false;
    // One byte more than the head tells whether the head is all.
    while (filled <= headBytes && !isDone) {
      const next = await rest.next();
      if (next.done) isDone = true;
      else if (next.value.length > 0) {
        first.push(next.value);
        filled += next.value.length;
      }
    }
    return new PeekedSource(first, rest, { isWhole: filled <= headBytes, sizeBytes });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#first;
      for (let next = await this.#rest.next(); !next.done; next = await this.#rest.next()) yield next.value;
    } finally {
      await this.close();
    }
  }

  /** Lets go of what is beneath. Harmless after the end. */
  async close(): Promise<void> {
    await this.#rest.return?.();
  }
}

/** What a user's stream gives, in pieces of 256 KiB of their own: a source may use its buffer again. */
export async function* evenPieces(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer, void, undefined> {
  let piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  let sinceTurn = 0;
  for await (const given of source) {
    const bytes =
      typeof given === "string" ? Buffer.from(given) : Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(piece, filled, at);
      at += copied;
      filled += copied;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = Buffer.allocUnsafe(pieceBytes);
      filled = 0;
      sinceTurn += pieceBytes;
      if (sinceTurn >= bytesPerTurn) {
        sinceTurn = 0;
        await turn();
      }
    }
  }
  if (filled > 0) yield Buffer.from(piece.subarray(0, filled));
}

/** The bytes of a well-formed text. */
export async function* piecesOfText(text: string): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + pieceBytes, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    yield Buffer.from(text.slice(at, end));
    at = end;
    await turn();
  }
}

/** @throws a plain error for bytes that are no text */
export function textOfBytes(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new Error("its bytes are not UTF-8");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** @param sizeBytes - how many are expected: a hint that saves memory */
export async function bytesOfPieces(pieces: XComPieces, sizeBytes = 0): Promise<Uint8Array> {
  let whole = Buffer.allocUnsafe(Math.min(Math.max(sizeBytes, pieceBytes), largestHint));
  let filled = 0;
  for await (const piece of pieces) {
    if (filled + piece.length > whole.length) {
      const larger = Buffer.allocUnsafe(Math.max(filled + piece.length, whole.length * 2));
      whole.copy(larger, 0, 0, filled);
      whole = larger;
    }
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole.subarray(0, filled);
}

export function base64OfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export async function base64OfPieces(pieces: XComPieces): Promise<string> {
  const texts: string[] = [];
  const piece = Buffer.allocUnsafe(groupedBytes);
  let filled = 0;
  for await (const given of pieces) {
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(piece, filled, at);
      at += copied;
      filled += copied;
      if (filled < groupedBytes) continue;
      texts.push(piece.toString("base64"));
      filled = 0;
      await turn();
    }
  }
  texts.push(piece.toString("base64", 0, filled));
  return texts.join("");
}

/** The bytes of base64 as we write it, and of nothing that only looks like it; `undefined` otherwise. */
export function bytesOfBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** As {@link bytesOfBase64}; `invalid` says what is thrown. */
export async function* piecesOfBase64(text: string, invalid: () => Error): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < text.length; at += base64Characters) {
    const part = text.slice(at, at + base64Characters);
    const bytes = bytesOfBase64(part);
    if (!bytes || (at + base64Characters < text.length && part.endsWith("="))) throw invalid();
    yield bytes;
    await turn();
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
