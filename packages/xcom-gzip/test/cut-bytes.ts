import type { XComPieces, XComSource } from "@millrace/core/plugin";

/** Which XCom the tests write. */
export const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" } as const;

/** Bytes in pieces that end at these places, an empty one where a place comes twice. */
export async function* cut(bytes: Uint8Array, places: readonly number[] = []): XComPieces {
  let from = 0;
  for (const place of [...places, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

/** A source as the pipeline makes it, of bytes in pieces. */
export function sourceOf(
  bytes: Uint8Array,
  places: readonly number[] = [],
  options: { readonly isSizeKnown?: boolean } = {},
): XComSource {
  const head = bytes.subarray(0, 65_536);
  return {
    head,
    isWhole: head.length === bytes.length,
    ...(options.isSizeKnown ? { sizeBytes: bytes.length } : undefined),
    [Symbol.asyncIterator]: () => cut(bytes, places)[Symbol.asyncIterator](),
  };
}

/** All pieces of a stream as one. */
export async function gathered(pieces: XComPieces): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Text like that of rows: compressible, but not to nothing. */
export function rowsText(sizeBytes: number): Uint8Array {
  let text = "[";
  for (let id = 0; text.length < sizeBytes; id++)
    text += `{"id":${id},"region":"${["eu", "us", "apac"][id % 3]}","amount":${((id * 7_919) % 100_003) / 100}},`;
  return new TextEncoder().encode(text.slice(0, sizeBytes));
}
