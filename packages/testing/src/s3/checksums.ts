import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { crc32 } from "node:zlib";

/** The checksums that S3 knows, as they stand in names of headers: `x-amz-checksum-crc32`. */
export const checksumAlgorithms = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** Takes bytes as they come and gives the checksum at the end. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly string[]).includes(name);
}

/** A checksum that begins with nothing. */
export function startChecksum(algorithm: ChecksumAlgorithm | "md5"): Checksum {
  switch (algorithm) {
    case "crc32":
      return crc32Checksum();
    case "crc32c":
      return crc32cChecksum();
    case "crc64nvme":
      return crc64NvmeChecksum();
    default: {
      const hash = createHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
    }
  }
}

/** The checksum of bytes that lie in pieces, in base64 as in the headers. Lets others have a turn between the pieces. */
export async function checksumOf(algorithm: ChecksumAlgorithm, pieces: Iterable<Uint8Array>): Promise<string> {
  const checksum = startChecksum(algorithm);
  for (const piece of pieces) {
    checksum.update(piece);
    if (piece.length >= 1024) await turn();
  }
  return checksum.digest().toString("base64");
}

/** How many bytes a checksum of this kind has. */
export function checksumBytes(algorithm: ChecksumAlgorithm): number {
  return { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 }[algorithm];
}

function crc32Checksum(): Checksum {
  let state = 0;
  return {
    update: (bytes) => {
      state = crc32(bytes, state);
    },
    digest: () => bytesOf(state),
  };
}

/** Castagnoli's polynomial, reflected. */
const crc32cTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32cChecksum(): Checksum {
  let state = 0xffffffff;
  return {
    update: (bytes) => {
      let value = state;
      for (let at = 0; at < bytes.length; at++) value = (value >>> 8) ^ crc32cTable[(value ^ bytes[at]) & 0xff];
      state = value >>> 0;
    },
    digest: () => bytesOf((state ^ 0xffffffff) >>> 0),
  };
}

/** The NVM Express polynomial, reflected, as high and low halves: numbers are many times faster than bigints here. */
const crc64High = new Int32Array(256);
const crc64Low = new Int32Array(256);
for (let index = 0; index < 256; index++) {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
  crc64High[index] = Number(BigInt.asIntN(32, value >> 32n));
  crc64Low[index] = Number(BigInt.asIntN(32, value));
}

function crc64NvmeChecksum(): Checksum {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      // Variables of this call alone: those of a closure are slower.
      let [h, l] = [high, low];
      for (let at = 0; at < bytes.length; at++) {
        const index = (l ^ bytes[at]) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ crc64Low[index];
        h = (h >>> 8) ^ crc64High[index];
      }
      [high, low] = [h, l];
    },
    digest: () => Buffer.concat([bytesOf(~high >>> 0), bytesOf(~low >>> 0)]),
  };
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
