import type { Hash } from "node:crypto";
import { crc32 } from "node:zlib";

const mebibyte = 1_048_576;

/** Lets everything else that waits have a turn. */
export function otherTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Bytes in slices of 1 MiB at most, without copying. */
export function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += mebibyte) yield bytes.subarray(at, at + mebibyte);
}

/** Adds bytes to hashes, and lets others have a turn between one MiB and the next. */
export async function addTo(hashes: readonly Hash[], bytes: Uint8Array): Promise<void> {
  let isFirst = true;
  for (const slice of slices(bytes)) {
    if (!isFirst) await otherTurns();
    isFirst = false;
    for (const hash of hashes) hash.update(slice);
  }
}

/** CRC-32 as S3 wants it: four bytes in base64. */
export async function crc32Of(bytes: Uint8Array): Promise<string> {
  let sum = 0;
  let isFirst = true;
  for (const slice of slices(bytes)) {
    if (!isFirst) await otherTurns();
    isFirst = false;
    sum = crc32(slice, sum);
  }
  const four = Buffer.alloc(4);
  four.writeUInt32BE(sum);
  return four.toString("base64");
}
