import { createCipheriv, createDecipheriv } from "node:crypto";

export const tagBytes = 16;

/** What a message is: each kind has nonces of its own. */
const kinds = { segment: 0, lastSegment: 1, closing: 2 } as const;
export type MessageKind = keyof typeof kinds;

/**
 * The nonce of one of several messages under the key and `iv` of a value: the kind is mixed (by exclusive or) into byte 7,
 * the index, big-endian, into bytes 8 to 11. So no two messages of a value share one.
 */
export function nonceOf(iv: Buffer, kind: MessageKind, index: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt8(nonce.readUInt8(7) ^ kinds[kind], 7);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ index) >>> 0, 8);
  return nonce;
}

/** A message that is encrypted piece by piece. */
export function sealing(key: Buffer, nonce: Buffer, authenticated: string) {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(authenticated));
  return {
    update: (bytes: Uint8Array): Buffer => cipher.update(bytes),
    tag(): Buffer {
      cipher.final();
      return cipher.getAuthTag();
    },
  };
}

/** A message that is decrypted piece by piece: nothing that `update` gives may be handed on before `isAuthentic` is true. */
export function opening(key: Buffer, nonce: Buffer, authenticated: string) {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(authenticated));
  return {
    update: (bytes: Uint8Array): Buffer => decipher.update(bytes),
    isAuthentic(tag: Buffer): boolean {
      if (tag.length !== tagBytes) return false;
      try {
        decipher.setAuthTag(tag);
        decipher.final();
        return true;
      } catch {
        return false;
      }
    },
  };
}
