import { hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";

/** Keys of one value. */
export interface DerivedKeys {
  readonly dataKey: Buffer;
  readonly macKey: Buffer;
  /** Tells that the master key is the one the value was written with: GCM alone would open a message under several. */
  readonly commitment: Buffer;
}

const label = Buffer.from("millrace.xcom.aes-gcm.v1 data-key mac-key key-commitment");

/**
 * HKDF-SHA-256 of the master key and the value's salt. 96 bytes are expanded at once, because three times 32 bytes under
 * three labels would take three times as long: HKDF's own counter is what tells the three keys apart.
 */
export function deriveKeys(master: KeyObject | Uint8Array, salt: Buffer): DerivedKeys {
  const keys = Buffer.from(hkdfSync("sha256", master, salt, label, 96));
  return { dataKey: keys.subarray(0, 32), macKey: keys.subarray(32, 64), commitment: keys.subarray(64) };
}

/** Compares in a time that tells nothing of where they differ. */
export function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
