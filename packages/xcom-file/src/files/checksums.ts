/** Algorithms that a file's checksum may be of, with the length of the checksum in hexadecimal digits. */
const digits = { sha256: 64, sha512: 128, md5: 32 } as const;

export type ChecksumAlgorithm = keyof typeof digits;

export const checksumAlgorithms = Object.keys(digits) as [ChecksumAlgorithm, ...ChecksumAlgorithm[]];

export function isChecksumAlgorithm(value: unknown): value is ChecksumAlgorithm {
  return checksumAlgorithms.includes(value as ChecksumAlgorithm);
}

/** True for what a checksum of this algorithm looks like, in lower-case hexadecimal. */
export function isChecksum(value: unknown, algorithm: ChecksumAlgorithm): value is string {
  return typeof value === "string" && value.length === digits[algorithm] && /^[0-9a-f]+$/.test(value);
}
