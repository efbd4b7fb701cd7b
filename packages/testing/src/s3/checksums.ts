import { createHash } from "node:crypto";
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

/** The checksum of bytes that lie in pieces, in base64 as in the headers. */
export function checksumOf(algorithm: ChecksumAlgorithm, pieces: Iterable<Uint8Array>): string {
  const checksum = startChecksum(algorithm);
  for (const piece of pieces) checksum.update(piece);
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
      for (const byte of bytes) value = (value >>> 8) ^ (crc32cTable[(value ^ byte) & 0xff] ?? 0);
      state = value >>> 0;
    },
    digest: () => bytesOf((state ^ 0xffffffff) >>> 0),
  };
}

/** The NVM Express polynomial, reflected, as high and low halves: numbers are many times faster than bigints here. */
const crc64Tables = (() => {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    high[index] = Number(BigInt.asIntN(32, value >> 32n));
    low[index] = Number(BigInt.asIntN(32, value));
  }
  return { high, low };
})();

function crc64NvmeChecksum(): Checksum {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (crc64Tables.low[index] ?? 0);
        high = (high >>> 8) ^ (crc64Tables.high[index] ?? 0);
      }
    },
    digest: () => Buffer.concat([bytesOf(~high >>> 0), bytesOf(~low >>> 0)]),
  };
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
