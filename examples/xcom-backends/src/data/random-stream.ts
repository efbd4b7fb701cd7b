import { createCipheriv, createHash } from "node:crypto";

/** Numbers and bytes that look random and follow from a text alone. Nothing here keeps a secret. */
export interface RandomStream {
  /** So many bytes. */
  bytes(size: number): Buffer;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
}

export function randomStream(seed: string): RandomStream {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  let numbers = Buffer.alloc(0);
  let at = 0;
  return {
    bytes: (size) => cipher.update(Buffer.alloc(size)),
    below(limit) {
      if (at === numbers.length) {
        numbers = cipher.update(Buffer.alloc(16_384));
        at = 0;
      }
      const number = numbers.readUInt32LE(at);
      at += 4;
      return number % limit;
    },
  };
}
