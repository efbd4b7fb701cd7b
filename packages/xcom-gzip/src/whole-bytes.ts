import { crc32 } from "node:zlib";

/** Summed or copied in less than 3 ms. */
const bytesPerTurn = 4 * 2 ** 20;

/** Pieces as one: the memory that they lie in, if they lie there side by side, else a copy. */
export async function joined(pieces: readonly Buffer[], size: number): Promise<Uint8Array> {
  const [first] = pieces;
  if (first && areNeighbours(pieces)) return Buffer.from(first.buffer, first.byteOffset, size);
  const whole = Buffer.allocUnsafeSlow(size);
  let at = 0;
  let sinceTurn = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
    sinceTurn += piece.length;
    if (sinceTurn < bytesPerTurn) continue;
    sinceTurn = 0;
    await turn();
  }
  return whole;
}

function areNeighbours(pieces: readonly Buffer[]): boolean {
  return pieces.every((piece, place) => {
    const before = pieces[place - 1];
    return !before || (piece.buffer === before.buffer && piece.byteOffset === before.byteOffset + before.length);
  });
}

/** The CRC-32 of bytes. */
export async function crcOf(bytes: Uint8Array): Promise<number> {
  let crc = 0;
  for (let at = 0; at < bytes.length; at += bytesPerTurn) {
    if (at > 0) await turn();
    crc = crc32(bytes.subarray(at, at + bytesPerTurn), crc);
  }
  return crc;
}

/** Gives the event loop a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
