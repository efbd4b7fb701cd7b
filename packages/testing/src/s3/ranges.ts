import { refused } from "./refusals.ts";

/** Bytes from one offset to another, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a `Range` header asks for of so many bytes. Undefined is all of them: also for several ranges, which S3 does not know. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const from = match[1] === "" ? undefined : Number(match[1]);
  const to = match[2] === "" ? undefined : Number(match[2]);
  if (from !== undefined && to !== undefined && from > to) return undefined;
  const first = from ?? Math.max(0, sizeBytes - (to ?? 0));
  const last = from === undefined ? sizeBytes - 1 : Math.min(to ?? sizeBytes - 1, sizeBytes - 1);
  if (first > last) {
    throw refused("InvalidRange", undefined, {
      elements: { RangeRequested: header ?? "", ActualObjectSize: `${sizeBytes}` },
      headers: { "content-range": `bytes */${sizeBytes}` },
    });
  }
  return { first, last };
}

/** The pieces of a range, without a copy. */
export function slicePieces(pieces: readonly Uint8Array[], { first, last }: ByteRange): Uint8Array[] {
  const result: Uint8Array[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const part = piece.subarray(Math.max(0, first - offset), Math.max(0, last + 1 - offset));
    if (part.length > 0) result.push(part);
    offset += piece.length;
  }
  return result;
}
